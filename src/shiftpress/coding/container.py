"""The stream file (.spc): a header that is checked before anything is believed, and the payload.

docs/bitstream.md describes every byte. A file is refused by InputError, whatever its bytes are.
"""

import re
import struct
from dataclasses import dataclass

import google_crc32c

from shiftpress.coding.varints import read_varint, varint
from shiftpress.core.problems import InputError
from shiftpress.core.splits import Shape

MAGIC = b"\x89SPC"
VERSION = 2
_FIXED = struct.Struct("<4sBB16s2I")
_CRC = struct.Struct("<I")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

MOST_SIDE, MOST_COUNT, MOST_PARTS, MOST_LEVELS = 1 << 14, 1 << 24, 8, 1 << 16
MOST_VALUES = 1 << 28
"""Pixels times channels of all images of a file."""
MOST_SYMBOLS = 1 << 25
MOST_PER_BYTE = 1024
"""Where tables are used, a payload has a byte for so many symbols and values at least, so that work is bounded by what
was sent. Of symbols with known levels the model says how many bits they take."""


@dataclass(frozen=True)
class Part:
    """So many symbols of each image: equally likely ones of so many levels, or, with no levels, ones by tables."""

    levels: int
    symbols: int


@dataclass(frozen=True)
class Header:
    """What a stream says about itself. ``model`` is the first 16 bytes of the model's digest."""

    kind: str
    stage: str
    model: bytes
    shape: Shape
    count: int
    parts: tuple[Part, ...]
    symbols_crc: int

    @property
    def symbols(self) -> int:
        """Symbols of all images."""
        return self.count * sum(part.symbols for part in self.parts)

    @property
    def values(self) -> int:
        """Pixels times channels of all images."""
        return self.count * self.shape[0] * self.shape[1] * self.shape[2]

    @property
    def least(self) -> int:
        """Bytes the payload has at least; zeros fill it up."""
        by_tables = any(not part.levels for part in self.parts)
        return -(-max(self.symbols, self.values) // MOST_PER_BYTE) if by_tables else 0


@dataclass(frozen=True)
class Sections:
    """The payload: symbols of known levels as one number, symbols by tables, and the integers no table has."""

    packed: bytes
    coded: bytes
    escaped: bytes

    def payload(self, least: int) -> bytes:
        """All of it as it stands in the file, filled up to so many bytes."""
        return (self.packed + self.coded + self.escaped).ljust(least, b"\0")


def write(header: Header, sections: Sections) -> bytes:
    """The bytes of a stream file. Raises InputError if there is more than one stream may hold."""
    if problem := _excess(header):
        raise InputError(f"These images do not fit one stream: {problem}. Split them over several files.")
    lengths = len(sections.packed), len(sections.coded), len(sections.escaped)
    parts = [number for part in header.parts for number in (part.levels, part.symbols)]
    numbers = [*header.shape, header.count, *lengths, len(header.parts), *parts]
    names = [word for name in (header.kind, header.stage) for word in (bytes([len(name)]), name.encode())]
    rest = b"".join([*names, *map(varint, numbers)])
    payload = sections.payload(header.least)
    size = _FIXED.size + len(rest) + _CRC.size
    head = _FIXED.pack(MAGIC, VERSION, size, header.model, header.symbols_crc, google_crc32c.value(payload)) + rest
    return head + _CRC.pack(google_crc32c.value(head)) + payload


def read(data: bytes) -> tuple[Header, Sections]:
    """Header and payload, sizes and checksums checked. Raises InputError."""
    header, lengths, payload_crc, start = _header(data)
    if problem := _excess(header):
        raise InputError(f"The stream is beyond the limits of its format: {problem}.")
    payload = data[start:]
    ends = lengths[0], sum(lengths[:2]), sum(lengths)
    sections = Sections(payload[: ends[0]], payload[ends[0] : ends[1]], payload[ends[1] : ends[2]])
    announced = max(ends[2], header.least)
    if len(payload) != announced:
        raise InputError(f"The stream has {len(payload)} bytes of payload where its header announces {announced}.")
    if google_crc32c.value(payload) != payload_crc:
        raise InputError("The stream is damaged: the checksum of its payload differs.")
    if payload[ends[2] :].strip(b"\0"):
        raise InputError("The stream is damaged: something stands in its padding.")
    return header, sections


def _header(data: bytes) -> tuple[Header, list[int], int, int]:
    """The header, the lengths of the sections, the payload's checksum, and where the payload starts."""
    if not data or data[: len(MAGIC)] != MAGIC[: len(data)]:
        raise InputError("This is no shiftpress stream: it begins with other bytes.")
    if len(data) < _FIXED.size:
        raise InputError("The stream is cut off inside its header.")
    _, version, size, model, symbols_crc, payload_crc = _FIXED.unpack_from(data)
    if version != VERSION:
        raise InputError(f"The stream has version {version}; this program reads version {VERSION}.")
    if not _FIXED.size + _CRC.size < size <= len(data):
        raise InputError("The stream is cut off inside its header.")
    head = data[: size - _CRC.size]
    if google_crc32c.value(head) != _CRC.unpack_from(data, len(head))[0]:
        raise InputError("The stream is damaged: the checksum of its header differs.")
    kind, position = _name(head, _FIXED.size)
    stage, position = _name(head, position)
    numbers = []
    while position < len(head):
        number, position = read_varint(head, position)
        numbers.append(number)
    if len(numbers) < 8 or len(numbers) != 8 + 2 * numbers[7]:
        raise InputError("The stream is damaged: its header is of no form we know.")
    parts = tuple(Part(*pair) for pair in zip(numbers[8::2], numbers[9::2], strict=True))
    header = Header(kind, stage, model, tuple(numbers[:3]), numbers[3], parts, symbols_crc)
    return header, numbers[4:7], payload_crc, size


def _name(head: bytes, position: int) -> tuple[str, int]:
    size = head[position] if position < len(head) else 0
    name = head[position + 1 : position + 1 + size].decode("latin1")
    if len(name) != size or not _NAME.fullmatch(name):
        raise InputError("The stream's header names no kind of codec or no stage.")
    return name, position + 1 + size


def _excess(header: Header) -> str | None:
    """What is out of bounds; products are of Python's integers, which do not overflow."""
    channels, height, width = header.shape
    if channels not in (1, 3) or not (0 < height <= MOST_SIDE and 0 < width <= MOST_SIDE):
        return f"images of {channels} channels and {height}x{width} pixels"
    if not 0 < header.count <= MOST_COUNT or header.values > MOST_VALUES:
        return f"{header.count} images, {header.values} values, where {MOST_VALUES} are allowed"
    if not 0 < len(header.parts) <= MOST_PARTS or any(p.levels == 1 or p.levels > MOST_LEVELS for p in header.parts):
        return f"a code of {len(header.parts)} parts"
    if header.symbols > MOST_SYMBOLS or not all(part.symbols for part in header.parts):
        return f"{header.symbols} symbols, where {MOST_SYMBOLS} are allowed"
    return None
