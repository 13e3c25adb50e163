"""Pickled files of arrays, such as the published CIFAR batches.

Five global names are known, all of numpy's way to write an array.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from shiftpress.core.pickled import MOST_SIDES, Machine, Named, Stored, expect, run, shown
from shiftpress.core.problems import InputError

MAX_ARRAY_BYTES = 1_000_000_000

DATA_TYPES = {"u1": np.uint8, "i8": np.int64, "i4": np.int32}


def read_pickled(data: bytes, where: str) -> Any:
    """What a pickled file of plain values and 8-bit or integer arrays holds.

    ``where`` names the file in messages. Raises InputError for a file that is damaged, that holds anything else, or
    that asks for a call.
    """
    return run(ArrayMachine(), data, where)


@dataclass
class _DataType:
    """Stands for a numpy dtype of one byte order or none."""

    code: str


class ArrayMachine(Machine):
    """Knows how numpy describes an array."""

    names: ClassVar[dict[str, Named]] = {
        "numpy.core.multiarray _reconstruct": Named("reconstruct"),
        "numpy._core.multiarray _reconstruct": Named("reconstruct"),
        "numpy ndarray": Named("ndarray"),
        "numpy dtype": Named("dtype"),
        "_codecs encode": Named("encode"),
    }

    def called(self, name: str, arguments: tuple) -> Any:
        """What numpy's own functions would return, as an inert description."""
        # how Python 3 writes bytes for Python 2
        if name == "encode" and len(arguments) == 2 and arguments[1] == "latin1":
            return expect(arguments[0], str).encode("latin-1")
        if name == "reconstruct" and isinstance(arguments[0], Named) and arguments[0].name == "ndarray":
            return Stored()
        if name == "dtype" and expect(arguments[0], str) in DATA_TYPES:
            return _DataType(arguments[0])
        raise InputError(f"it calls {name} with {shown(arguments)}")

    def filled(self, target: Any, state: Any) -> None:
        """What a new array or dtype is told about itself."""
        state = expect(state, tuple)
        if isinstance(target, _DataType):
            if state[1] not in ("|", "<"):
                raise InputError(f"it has numbers in byte order {shown(state[1])}")
            return
        array = expect(target, Stored)
        _, shape, dtype, in_columns, content = state
        dtype = np.dtype(DATA_TYPES[expect(dtype, _DataType).code])
        content = content.encode("latin-1") if isinstance(content, str) else expect(content, bytes)
        if len(expect(shape, tuple)) > MOST_SIDES or not all(type(side) is int and side >= 0 for side in shape):
            raise InputError(f"it has an array of shape {shown(shape)}")
        size = math.prod(shape) * dtype.itemsize
        if size != len(content) or size > MAX_ARRAY_BYTES:
            raise InputError(f"it has an array of {size:,} bytes in {len(content):,}")
        array.data = np.frombuffer(content, dtype).reshape(shape, order="F" if in_columns else "C")
