"""Arrays out of bytes: numpy's .npy files and the idx files of the MNIST family. Numbers only, never objects."""

import io
import math

import numpy as np
from numpy.lib import format as npy

from shiftpress.core.pickled import MOST_SIDES, shown
from shiftpress.core.problems import InputError

MAX_ITEMS = 1_000_000_000
HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
NUMBERS = "biuf"


def from_npy(data: bytes, where: str) -> np.ndarray:
    """The array of a .npy file. Raises InputError for a damaged one, or one of objects, which is pickled."""
    stream = io.BytesIO(data)
    try:
        shape, in_columns, dtype = HEADERS[npy.read_magic(stream)](stream)
    except Exception as error:  # the reader of headers raises whatever its parser does
        raise InputError(f"{where}: not a .npy file: {type(error).__name__}") from None
    if dtype.kind not in NUMBERS:
        raise InputError(f"{where}: holds {dtype}; only numbers are read")
    content = data[stream.tell() :]
    return _shaped(np.frombuffer(content, dtype, len(content) // dtype.itemsize), shape, where, in_columns)


def from_idx(data: bytes, where: str) -> np.ndarray:
    """The array of an idx file of unsigned bytes: two zeros, 8 for the type, the number of sides, the sides.

    http://yann.lecun.com/exdb/mnist/ describes it. Raises InputError for anything else.
    """
    if data[:3] != b"\0\0\x08" or len(data) < 4 + 4 * data[3]:
        raise InputError(f"{where}: not an idx file of unsigned bytes")
    sides = np.frombuffer(data, ">u4", data[3], offset=4)
    content = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])
    return _shaped(content, tuple(sides.tolist()), where)


def _shaped(content: np.ndarray, shape: tuple[int, ...], where: str, in_columns: bool = False) -> np.ndarray:
    possible = len(shape) <= MOST_SIDES and all(type(side) is int and side >= 0 for side in shape)
    if not possible or math.prod(shape) != len(content) or len(content) > MAX_ITEMS:
        raise InputError(f"{where}: damaged: its shape is {shown(shape)}, but {len(content):,} numbers follow")
    return content.reshape(shape, order="F" if in_columns else "C")
