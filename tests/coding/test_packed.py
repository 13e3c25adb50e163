"""One mixed-radix number takes the bytes it must and no more, and comes back."""

import math

import numpy as np
import pytest

from shiftpress.coding.packed import pack, unpack
from shiftpress.core.problems import InputError

DRAW = np.random.default_rng(0)


def runs(layout):
    return [(levels, DRAW.integers(0, levels, count)) for levels, count in layout]


@pytest.mark.parametrize(
    "layout",
    [
        [(2, 1)],
        [(2, 8)],
        [(2, 9)],
        [(65536, 3)],
        [(3, 5)],
        [(12, 10)],
        [(12, 2000)],
        [(144, 200), (12, 1600)],
        [(7, 17), (2, 1), (65535, 40), (256, 333), (3, 1)],
        [(12, 100_003)],
    ],
    ids=str,
)
def test_a_number_has_the_length_of_its_range_and_comes_back(layout):
    sent = runs(layout)
    data = pack(sent)
    values = math.prod(levels**count for levels, count in layout)
    assert len(data) == ((values - 1).bit_length() + 7) // 8
    for (_, symbols), found in zip(sent, unpack(data, layout), strict=True):
        assert np.array_equal(symbols, found)


@pytest.mark.parametrize("levels", [*range(2, 40), 100, 144, 255, 256, 257, 1000, 65535, 65536])
def test_the_length_is_exact_for_every_small_count(levels):
    for count in (*range(1, 40), 100, 128, 500):
        data = pack([(levels, np.full(count, levels - 1))])
        assert len(data) == ((levels**count - 1).bit_length() + 7) // 8
        assert (unpack(data, [(levels, count)])[0] == levels - 1).all()


def test_the_largest_number_and_zero_are_told_apart():
    layout = [(5, 50)]
    assert pack([(5, np.zeros(50, np.int64))]) == bytes(15)
    assert unpack(bytes(15), layout)[0].tolist() == [0] * 50


def test_every_other_string_of_bytes_is_refused_or_is_itself_a_number():
    layout, refused = [(12, 300), (3, 7)], 0
    length = len(pack(runs(layout)))
    for _ in range(2000):
        data = DRAW.bytes(length)
        try:
            found = unpack(data, layout)
        except InputError:
            refused += 1
            continue
        assert pack(list(zip([12, 3], found, strict=True))) == data
    assert 0 < refused < 2000


def test_wrong_lengths_are_refused_before_work_is_done():
    data = pack(runs([(12, 100)]))
    for wrong in (data[:-1], data + b"\0", b""):
        with pytest.raises(InputError):
            unpack(wrong, [(12, 100)])
    with pytest.raises(InputError, match="more symbols than its bytes can hold"):
        unpack(data, [(2, 1 << 40)])
