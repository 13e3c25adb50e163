"""A code as integers: how its parts are distributed, and where a decoder takes them from."""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

TABLE_BITS = 22
"""Frequencies of a table add up to 2 to this power."""
HALF = 1 << 31
"""Integers that are coded by tables are at least -HALF and less than HALF."""


@dataclass(frozen=True)
class Uniform:
    """Symbols 0 to levels - 1, equally likely."""

    levels: int


@dataclass(frozen=True)
class Tables:
    """K distributions of integers, frozen with the model: no floating-point number decides how a stream is read.

    ``counts`` (K, S) int32 hold frequencies in units of 2^-TABLE_BITS. Column s < S - 1 of row k is the integer
    ``offsets[k] + s``; the last column, never zero, is the escape for every other integer. ``offsets`` (K,) int32.
    """

    counts: Tensor
    offsets: Tensor


@dataclass(frozen=True)
class Symbols:
    """A part of the code of N images: integers (N, n), how they are distributed, and by which row of the tables.

    ``values`` are int64 where all levels are equally likely, and int32 where tables apply. ``rows`` (N, n) int64 names
    the table of each integer; none where there is nothing to choose.
    """

    values: Tensor
    alphabet: Uniform | Tables
    rows: Tensor | None = None


class Source(Protocol):
    """Where a decoder takes symbols from, in the order in which the encoder sent them."""

    def take(self, alphabet: Uniform | Tables, shape: tuple[int, int], rows: Tensor | None = None) -> Tensor:
        """The next part of the code, (N, n) as it was sent. Raises InputError if the stream cannot hold it."""
