"""Symbols of known levels as one mixed-radix number, in exactly as many bytes as it needs.

The number is never formed: what is known of it stays a short remainder (the "spill" of Dodis, Patrascu, Thorup 2010,
"Changing base without losing space") from which whole bytes go out. Both sides follow the number of values the
remainder can have, so the length of the stream is known from the counts alone. Rounding that number up costs a factor
1 + 2^-SPARE per word, less than 2^-160 bits in all.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from shiftpress.core.problems import InputError

WORD_BITS = 62
SPARE = 192
MOST_WORDS = 1 << 22

Layout = Sequence[tuple[int, int]]
"""Levels and number of symbols of each run."""


def pack(runs: Sequence[tuple[int, np.ndarray]]) -> bytes:
    """Levels and symbols (n,) of each run -> bytes."""
    steps, last = _plan([(levels, len(symbols)) for levels, symbols in runs])
    words = (word for levels, symbols in runs for word in _words(symbols, levels))
    state, out = 0, []
    for word, (_, radix, size) in zip(words, steps, strict=True):
        state = state * radix + word
        if size:
            out.append((state & ((1 << 8 * size) - 1)).to_bytes(size, "little"))
            state >>= 8 * size
    return b"".join(out) + state.to_bytes(_tail(last), "little")


def unpack(data: bytes, layout: Layout) -> list[np.ndarray]:
    """The symbols (n,) int64 of each run. Raises InputError for bytes that ``pack`` never makes."""
    # two levels are the fewest: this comes before any work or memory that grows with the announced counts
    if sum(count for _, count in layout) > 8 * len(data):
        raise InputError("The stream announces more symbols than its bytes can hold.")
    steps, last = _plan(layout)
    if len(data) != sum(size for _, _, size in steps) + _tail(last):
        raise InputError("The packed part of the stream has another length than its symbols need.")
    end = len(data) - _tail(last)
    state, words = int.from_bytes(data[end:], "little"), []
    for span, radix, size in reversed(steps):
        state = state << 8 * size | int.from_bytes(data[end - size : end], "little")
        end -= size
        if state >= span * radix:
            raise InputError("The packed part of the stream is no number of the announced range.")
        state, word = divmod(state, radix)
        words.append(word)
    words.reverse()
    return list(_runs(words, layout))


def _group(levels: int) -> int:
    """Symbols of a word: as many as leave it below 2^WORD_BITS."""
    group = 1
    while levels ** (group + 1) <= 1 << WORD_BITS:
        group += 1
    return group


def _words(symbols: np.ndarray, levels: int) -> list[int]:
    """Symbols (n,) as the digits of words, the first one lowest."""
    group = _group(levels)
    whole = len(symbols) // group * group
    powers = np.array([levels**place for place in range(group)], np.int64)
    words = (symbols[:whole].reshape(-1, group) @ powers).tolist()
    rest = symbols[whole:]
    return [*words, int(rest @ powers[: len(rest)])] if len(rest) else words


def _runs(words: list[int], layout: Layout) -> Iterator[np.ndarray]:
    start = 0
    for levels, count in layout:
        group = _group(levels)
        stop = start + -(-count // group)
        left = np.array(words[start:stop], np.int64)
        digits = np.empty((stop - start, group), np.int64)
        for place in range(group):
            left, digits[:, place] = np.divmod(left, levels)
        yield digits.ravel()[:count]
        start = stop


def _radices(layout: Layout) -> Iterator[int]:
    """The number of values of each word."""
    for levels, count in layout:
        group = _group(levels)
        for _ in range(count // group):
            yield levels**group
        if count % group:
            yield levels ** (count % group)


def _plan(layout: Layout) -> tuple[list[tuple[int, int, int]], int]:
    """For each word: values the remainder can have before it, values of the word, bytes that go out after it.

    Then the values the remainder can have in the end.
    """
    if sum(-(-count // _group(levels)) for levels, count in layout) > MOST_WORDS:
        raise InputError("There are too many symbols for one stream. Split the images over several files.")
    steps, span = [], 1
    for radix in _radices(layout):
        size = max(0, ((span * radix).bit_length() - SPARE) // 8)
        steps.append((span, radix, size))
        span = -(-span * radix >> 8 * size)
    return steps, span


def _tail(span: int) -> int:
    """Bytes that hold any number below the span."""
    return ((span - 1).bit_length() + 7) // 8
