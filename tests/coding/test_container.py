"""A header is believed only after its checksum and its bounds; lengths must add up."""

import struct
from dataclasses import replace

import google_crc32c
import pytest

from shiftpress.coding import container
from shiftpress.coding.container import Header, Part, Sections
from shiftpress.coding.varints import read_escapes, read_varint, varint, write_escapes
from shiftpress.core.problems import InputError

HEADER = Header("fixed_rate", "full", bytes(range(16)), (1, 32, 32), 3, (Part(12, 10), Part(0, 5)), 0xDEADBEEF)
SECTIONS = Sections(b"packed", b"coded...", b"esc")


def forged(**changes) -> bytes:
    """A file whose checksums are right and whose header is not: the writer's own bounds are gone around."""
    bounds, container._excess = container._excess, lambda header: None
    try:
        return container.write(replace(HEADER, **changes), replace(SECTIONS, coded=bytes(8)))
    except MemoryError:  # the padding that so many symbols would need
        raise AssertionError("the forged file is too large to make") from None
    finally:
        container._excess = bounds


def test_what_is_written_is_read():
    assert container.read(container.write(HEADER, SECTIONS)) == (HEADER, SECTIONS)


def test_every_flipped_bit_and_every_cut_is_found():
    data = container.write(HEADER, SECTIONS)
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InputError):
            container.read(bytes(damaged))
    for size in range(len(data)):
        with pytest.raises(InputError):
            container.read(data[:size])
    with pytest.raises(InputError, match="bytes of payload where its header announces"):
        container.read(data + b"\0")


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": (0, 32, 32)},
        {"shape": (2, 32, 32)},
        {"shape": (1, 0, 32)},
        {"shape": (1, 32, 1 << 31)},
        {"shape": (1, (1 << 14) + 1, 1)},
        {"shape": (3, 1 << 14, 1 << 14)},
        {"count": 0},
        {"count": (1 << 24) + 1, "parts": (Part(2, 1),), "shape": (1, 1, 1)},
        {"count": (1 << 18) + 1, "parts": (Part(2, 1),)},
        {"parts": ()},
        {"parts": (Part(1, 10),)},
        {"parts": (Part(65537, 10),)},
        {"parts": (Part(12, 0),)},
        {"parts": (Part(2, 1),) * 9},
        {"parts": (Part(2, (1 << 25) // 3 + 1),)},
    ],
    ids=str,
)
def test_absurd_sizes_are_refused_with_right_checksums(changes):
    with pytest.raises(InputError, match="beyond the limits"):
        container.read(forged(**changes))


def test_more_symbols_than_the_bytes_allow_are_refused():
    data = bytearray(container.write(HEADER, SECTIONS))
    payload = len(SECTIONS.payload(HEADER.least))
    at = data.index(varint(10) + varint(0) + varint(5))
    head = bytes(data[:at]) + varint(1 << 20) + bytes(data[at + 1 : -payload - 4])
    head = head[:5] + bytes([len(head) + 4]) + head[6:]
    with pytest.raises(InputError, match="bytes of payload where its header announces 3073"):
        container.read(head + struct.pack("<I", google_crc32c.value(head)) + bytes(data[-payload:]))


@pytest.mark.parametrize("names", [{"kind": "Fixed"}, {"kind": "../x"}, {"stage": ""}, {"stage": "a" * 41}])
def test_names_are_names(names):
    with pytest.raises(InputError, match="names no kind"):
        container.read(forged(**names))


def test_padding_holds_nothing():
    header = replace(HEADER, parts=(Part(0, 5000),))
    data = bytearray(container.write(header, Sections(b"", b"abcd", b"")))
    assert header.least == 15 and container.read(bytes(data))[1].coded == b"abcd"
    data[-1] = 1
    head = bytes(data[:26]) + struct.pack("<I", google_crc32c.value(bytes(data[-15:]))) + bytes(data[30:-19])
    with pytest.raises(InputError, match="stands in its padding"):
        container.read(head + struct.pack("<I", google_crc32c.value(head)) + bytes(data[-15:]))


def test_escaped_integers_come_back_in_their_shortest_form_only():
    values = [0, -1, 1, 63, -64, 64, 8191, -(2**31), 2**31 - 1]
    data = write_escapes(values)
    assert list(read_escapes(data)) == values and len(write_escapes([-64, 63])) == 2
    for wrong in (b"\x80", b"\x80\x00", b"\xff" * 5, b"\xff\xff\xff\xff\x1f", b"\x80" * 9 + b"\1"):
        with pytest.raises(InputError):
            list(read_escapes(wrong))
    with pytest.raises(InputError, match="too large"):
        write_escapes([2**31])
    assert read_varint(varint(2**32 - 1), 0) == (2**32 - 1, 5)
