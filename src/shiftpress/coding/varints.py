"""Integers in as few bytes as they need: seven bits per byte, lowest first, the top bit saying that more follows."""

from collections.abc import Iterable, Iterator

from shiftpress.core.coding import HALF
from shiftpress.core.problems import InputError

MOST_BITS = 32


def varint(value: int) -> bytes:
    """An integer from 0 to 2^32 - 1."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """An integer and where the next one starts. Raises InputError for bytes that ``varint`` never makes."""
    value = 0
    for shift in range(0, MOST_BITS, 7):
        if position >= len(data):
            raise InputError("The stream is damaged: it ends inside an integer.")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> MOST_BITS or (byte == 0 and shift):
                break
            return value, position
    raise InputError("The stream is damaged: it holds an integer that is out of range.")


def write_escapes(values: Iterable[int]) -> bytes:
    """Signed integers, 0, -1, 1, -2 ... counted from zero on.

    Raises InputError for one that is out of range: networks that give such numbers are no codecs.
    """
    out = []
    for value in values:
        if not -HALF <= value < HALF:
            raise InputError("The model gives numbers too large to code.")
        out.append(varint(2 * value if value >= 0 else -2 * value - 1))
    return b"".join(out)


def read_escapes(data: bytes) -> Iterator[int]:
    """The signed integers one by one. Raises InputError for bytes that ``write_escapes`` never makes."""
    position = 0
    while position < len(data):
        value, position = read_varint(data, position)
        yield value >> 1 if value % 2 == 0 else -(value + 1 >> 1)
