"""Distributions of tables as the entropy coder takes them: an integer is sent by its rank, the most frequent one first.

A decoder that looks along the ranks finds most of them in a step or two. Frequencies reach constriction as float64 that
hold the tables' integers; it adds them up exactly and rounds one product each, so that every machine with IEEE
arithmetic gets the same model.
"""

from collections import deque
from functools import lru_cache
from typing import NamedTuple

import constriction
import numpy as np
import torch
from torch import Tensor

from shiftpress.coding.grouping import Grouping
from shiftpress.core.coding import TABLE_BITS, Tables
from shiftpress.core.problems import InputError

MOST_TABLES, MOST_PLACES = 1 << 16, 1 << 24
FAR = 1 << 20
"""Tables begin no further from zero than this."""
FEW = 5.0
"""Up to so many ranks on average, looking along them is faster than halving the table: measured, 8 ns a symbol beside
26 where it is 0.1, 22 beside 27 where it is 2.5, and the same where it is 5.5."""
KEPT = 8
"""Sets of tables whose models are kept."""

Model = constriction.stream.model.Categorical


class Models:
    """The distributions of tables (K, S), ready for the coder. Raises InputError if they are none.

    Symbols of a table are ranks: its integers by falling frequency, of equals the smaller one first; then the escape.
    ``encoders`` and ``decoders`` have the same distribution for each row, one quick to write with and one to read with.
    """

    def __init__(self, tables: Tables):
        if problem := flaw(tables):
            raise InputError(f"The model's tables are {problem}. Was it frozen after training?")
        counts, first = tables.counts.numpy(), tables.offsets.numpy()
        count, width = counts.shape
        self.escape = width - 1
        order = np.full((count, width), self.escape)
        order[:, :-1] = np.argsort(-counts[:, :-1], 1, kind="stable")
        ranks = np.empty((count, width), np.int32)
        np.put_along_axis(ranks, order, np.arange(width, dtype=np.int32)[None], 1)
        values = (order + first[:, None]).astype(np.int32)
        self._ranks, self._values = torch.from_numpy(ranks.ravel()), torch.from_numpy(values.ravel())
        self._first, self._starts = first, np.arange(0, ranks.size, width, dtype=np.int32)
        ordered = np.take_along_axis(counts, order, 1).astype(np.float64)
        along = ordered @ np.arange(width) < FEW * 2**TABLE_BITS
        self.encoders, self.decoders = _Made(ordered, [False] * count), _Made(ordered, along.tolist())
        self._kept: list[Grouping] = []

    def grouping(self, rows: np.ndarray, count: int) -> Grouping:
        """The order of symbols with these rows, kept for the next part that is alike. Raises InputError."""
        for kept in self._kept:
            if kept.fits(rows, count):
                return kept
        made = Grouping(rows, count, self._first, self._starts)
        if len(rows) == 1:
            self._kept = [made, *self._kept[:1]]
        return made

    def ranks(self, values: np.ndarray, grouping: Grouping) -> np.ndarray:
        """The ranks of integers (N, n) int32, the escape's where a table lacks one."""
        # unsigned, what is too small becomes too large; a difference that overflows is outside as well
        places = (values - grouping.first).view(np.uint32)
        places = np.minimum(places, self.escape, out=places).view(np.int32)
        places += grouping.starts
        return _looked_up(self._ranks, places)

    def values(self, ranks: np.ndarray, grouping: Grouping) -> np.ndarray:
        """The integers with these ranks (N, n); nothing in particular for the escape."""
        return _looked_up(self._values, ranks + grouping.starts)


def _looked_up(table: Tensor, places: np.ndarray) -> np.ndarray:
    """What stands at places (N, n) int32; by torch, as numpy turns such places into wider ones first."""
    return table.index_select(0, torch.from_numpy(places.ravel())).numpy().reshape(places.shape)


class _Made(dict[int, Model]):
    """The distribution of each table by its row, made when it is asked for; lazy ones look along the ranks."""

    def __init__(self, counts: np.ndarray, lazy: list[bool]):
        self._counts, self._lazy = counts, lazy

    def __missing__(self, row: int) -> Model:
        self[row] = Model(self._counts[row], perfect=False, lazy=self._lazy[row])
        return self[row]


def models_of(tables: Tables) -> Models:
    """Models of the tables, kept for the next stream with the same numbers. Raises InputError if they are none."""
    for known in _KNOWN:
        if known.are(tables):
            return known.models
    counts, offsets = (part.cpu().int().numpy() for part in (tables.counts, tables.offsets))
    models = _models(counts.tobytes(), counts.shape, offsets.tobytes(), offsets.shape)
    if not tables.counts.is_inference() and not tables.offsets.is_inference():  # these do not count their changes
        _KNOWN.appendleft(_Known(tables, _changes(tables), models))
    return models


class _Known(NamedTuple):
    """Tables that came last; to compare the numbers themselves takes a stream of one image 2 % of its time."""

    tables: Tables
    changes: tuple[int, int]
    models: Models

    def are(self, tables: Tables) -> bool:
        """Whether these are the same tensors, unchanged."""
        same = self.tables.counts is tables.counts and self.tables.offsets is tables.offsets
        return same and self.changes == _changes(tables)


_KNOWN: deque[_Known] = deque(maxlen=KEPT)


def _changes(tables: Tables) -> tuple[int, int]:
    """How often the tensors were written to."""
    return tables.counts._version, tables.offsets._version


@lru_cache(KEPT)
def _models(counts: bytes, shape: tuple[int, ...], offsets: bytes, length: tuple[int, ...]) -> Models:
    both = ((counts, shape), (offsets, length))
    return Models(Tables(*(torch.tensor(np.frombuffer(data, np.int32)).view(form) for data, form in both)))


def flaw(tables: Tables) -> str | None:
    """Why these are no tables to code with, or nothing."""
    counts, offsets = tables.counts, tables.offsets
    if counts.ndim != 2 or offsets.shape != counts.shape[:1] or not 0 < len(counts) <= MOST_TABLES:
        return "of another form than coders know"
    if counts.numel() > MOST_PLACES:
        return "too large"
    if counts.shape[1] < 2 or (counts < 0).any() or (counts[:, -1] < 1).any():
        return "no frequencies"
    if (counts.long().sum(1) != 1 << TABLE_BITS).any():
        return f"no frequencies that add up to {1 << TABLE_BITS}"
    return "too far from zero" if (offsets.long().abs() > FAR).any() else None
