"""The only reader of PyTorch's own files: tensors, plain values and mappings of them, and nothing is ever run.

Such a file is a zip of a pickled description and of the bytes of its tensors. torch's own reader has twice let crafted
files run code although it was told to take weights only (CVE-2025-32434, CVE-2026-24747). Ours is the machine that also
reads the CIFAR batches: it can only describe a tensor, whose bytes are then cut out of an entry of the zip that must be
just as long as is said.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from shiftpress.core.contents import members
from shiftpress.core.files import reading
from shiftpress.core.pickled import MOST_SIDES, Machine, Named, Stored, expect, run, shown
from shiftpress.core.problems import InputError

MOST_VALUES = 1 << 27
"""Numbers in all tensors of a file together; the largest released card has 45 million."""
DESCRIPTION = "data.pkl"
STORAGES = {
    **{"FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2"},
    **{"LongStorage": "<i8", "IntStorage": "<i4", "ByteStorage": "|u1", "BoolStorage": "|b1"},
}


def read_torch_file(path: Path) -> Any:
    """What ``torch.save`` wrote into a file: its tensors come as arrays. Raises InputError, whatever the file is."""
    with reading(path):
        if not path.is_file():
            raise InputError(f"{path} cannot be read: there is no such file.")
        with open(path, "rb") as file:
            if file.read(4) != b"PK\x03\x04":
                raise InputError(f"{path}: refused: it is no file of PyTorch 1.6 or later; save its state_dict anew.")
    inside: dict[str, bytes] = {}
    room = path.stat().st_size
    for member in members(path, zipped=True):
        room -= member.size
        if room < 0:  # torch packs nothing
            raise InputError(f"{path}: refused: it is packed; save a state_dict with torch.save.")
        inside[str(member.name)] = member.read()
    (found, *more) = [name for name in inside if name.split("/")[1:] == [DESCRIPTION]] or [None]
    if found is None or more or any(name.split("/")[1:2] == ["code"] for name in inside):
        raise InputError(f"{path}: refused: it holds a program or no tensors; save a state_dict with torch.save.")
    root = found.removesuffix(DESCRIPTION)
    if inside.get(f"{root}byteorder", b"little") != b"little":
        raise InputError(f"{path}: refused: its numbers are not in little-endian byte order.")
    data = {name.removeprefix(f"{root}data/"): content for name, content in inside.items()}
    return run(TorchMachine(data=data), inside[found], str(path))


@dataclass
class TorchMachine(Machine):
    """Knows how tensors are described, and finds their bytes by name."""

    data: Mapping[str, bytes] = field(default_factory=dict)
    values: int = 0
    names: ClassVar[dict[str, Named]] = {
        "collections OrderedDict": Named("mapping"),
        "torch._utils _rebuild_tensor_v2": Named("tensor"),
        "torch._utils _rebuild_parameter": Named("parameter"),
        **{f"torch {name}": Named(name) for name in STORAGES},
    }

    def called(self, name: str, arguments: tuple) -> Any:
        if name == "mapping" and not arguments:
            return {}
        if name == "parameter" and len(arguments) == 3:
            return expect(arguments[0], Stored)
        if name == "tensor" and len(arguments) in (6, 7):
            return self._cut(expect(arguments[0], np.ndarray), *arguments[1:4])
        raise InputError(f"it calls {name} with {len(arguments)} values")

    def filled(self, target: Any, state: Any) -> None:
        """Mappings have a state, which is about versions of layers and of no use here."""
        expect(target, dict)

    def elsewhere(self, place: Any) -> np.ndarray:
        """All numbers of one entry of the zip."""
        kind, storage, key, _, count = expect(place, tuple)
        dtype = STORAGES.get(expect(storage, Named).name)
        content = self.data.get(expect(key, str))
        if kind != "storage" or dtype is None or content is None or type(count) is not int:
            raise InputError(f"it has no tensor {shown(key)}")
        if len(content) != count * np.dtype(dtype).itemsize:
            raise InputError(f"its tensor {shown(key)} has {len(content):,} bytes and not {count:,} numbers")
        return np.frombuffer(content, dtype)

    def _cut(self, numbers: np.ndarray, offset: Any, shape: Any, steps: Any) -> Stored:
        """A tensor of this shape whose neighbours along each side are so many numbers apart."""
        sides, strides = expect(shape, tuple), expect(steps, tuple)
        whole = len(sides) == len(strides) <= MOST_SIDES
        if not whole or not all(type(n) is int and n >= 0 for n in (offset, *sides, *strides)):
            raise InputError(f"it has a tensor of shape {shown(shape)}")
        count = math.prod(sides)
        last = offset + sum((side - 1) * stride for side, stride in zip(sides, strides, strict=True))
        self.values += count
        if count and (last >= numbers.size or count > numbers.size) or self.values > MOST_VALUES:
            raise InputError(f"it has a tensor of shape {shown(shape)} in {numbers.size:,} numbers")
        if not count:
            return Stored(np.zeros(sides, numbers.dtype))
        apart = [stride * numbers.itemsize for stride in strides]
        return Stored(np.lib.stride_tricks.as_strided(numbers[offset:], sides, apart).copy())
