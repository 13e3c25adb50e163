"""Symbols by tables, coded with asymmetric numeral systems (constriction, which is memory safe).

Within a chunk, symbols are grouped by table and each group is coded by one call. Frequencies reach constriction as
float64 that hold the tables' integers; it adds them up exactly and rounds one product each, so that every machine with
IEEE arithmetic gets the same model.
"""

from collections.abc import Iterator

import constriction
import numpy as np
from torch import Tensor

from shiftpress.core.coding import TABLE_BITS, Tables
from shiftpress.core.problems import InputError

MOST_TABLES = 1 << 16
FAR = 1 << 20
"""Tables begin no further from zero than this."""

Coder = constriction.stream.stack.AnsCoder
Model = constriction.stream.model.Categorical


class Models:
    """The distributions of tables, ready for the coder. Raises InputError if they are none."""

    def __init__(self, tables: Tables):
        if problem := flaw(tables):
            raise InputError(f"The model's tables are {problem}. Was it frozen after training?")
        counts = tables.counts.cpu().numpy().astype(np.float64)
        self.offsets = tables.offsets.cpu().numpy().astype(np.int64)
        self.escape = counts.shape[1] - 1
        self._counts, self._made = counts, {}

    def __len__(self) -> int:
        return len(self.offsets)

    def __getitem__(self, row: int) -> Model:
        if row not in self._made:
            self._made[row] = Model(self._counts[row], perfect=False)
        return self._made[row]


def flaw(tables: Tables) -> str | None:
    """Why these are no tables to code with, or nothing."""
    counts, offsets = tables.counts, tables.offsets
    if counts.ndim != 2 or offsets.shape != counts.shape[:1] or not 0 < len(counts) <= MOST_TABLES:
        return "of another form than coders know"
    if counts.shape[1] < 2 or (counts < 0).any() or (counts[:, -1] < 1).any():
        return "no frequencies"
    if (counts.long().sum(1) != 1 << TABLE_BITS).any():
        return f"no frequencies that add up to {1 << TABLE_BITS}"
    return "too far from zero" if (offsets.long().abs() > FAR).any() else None


class Grouping:
    """The order in which a chunk's symbols (N, n) are sent: by table, then by place, then by image."""

    def __init__(self, rows: Tensor | None, shape: tuple[int, int], tables: int):
        self.shape = shape
        if rows is None:
            rows = np.zeros(shape[1:], np.uint16)
        elif rows.stride(0) == 0 or len(rows) == 1:  # the same for every image: sort the places only
            rows = _checked(rows[0].cpu().numpy(), tables)
        else:
            rows = _checked(rows.cpu().numpy().T, tables)
        self._by_place = rows.ndim == 1
        self._flat = rows.ravel()
        # numpy sorts 16-bit integers by radix
        self._order = self._flat.argsort(kind="stable")
        repeats = shape[0] if self._by_place else 1
        sizes = np.bincount(self._flat, minlength=tables) * repeats
        self.groups = [(row, size) for row, size in enumerate(sizes.tolist()) if size]
        self.rows = self._flat[self._order].repeat(repeats)

    def sorted(self, values: np.ndarray) -> np.ndarray:
        """Values (N, n) in the order they are sent."""
        by_place = values.T if self._by_place else values.T.ravel()
        return by_place[self._order].ravel()

    def restored(self, values: np.ndarray) -> np.ndarray:
        """Values in the order they were sent, as (N, n)."""
        count, places = self.shape
        by_place = np.empty((places, count) if self._by_place else places * count, values.dtype)
        by_place[self._order] = values.reshape(places, count) if self._by_place else values
        return by_place.reshape(places, count).T


def _checked(rows: np.ndarray, tables: int) -> np.ndarray:
    if rows.size and not (0 <= rows.min() and rows.max() < tables):
        raise InputError("The model asks for a table it does not have.")
    return rows.astype(np.uint16)


class TableWriter:
    """Collects chunks of symbols; they are coded last first, as the coder gives back last what came first."""

    def __init__(self) -> None:
        self._groups: list[tuple[Model, np.ndarray]] = []
        self.escaped: list[int] = []

    def put(self, models: Models, values: np.ndarray, grouping: Grouping) -> None:
        """Add integers (N, n)."""
        values = grouping.sorted(values)
        places = values - models.offsets[grouping.rows]
        outside = (places < 0) | (places >= models.escape)
        if outside.any():
            self.escaped += values[outside].tolist()
            places[outside] = models.escape
        places, start = places.astype(np.int32), 0
        for row, size in grouping.groups:
            self._groups.append((models[row], places[start : start + size]))
            start += size

    def coded(self) -> bytes:
        """The stream of everything that was put."""
        coder = Coder()
        for model, places in reversed(self._groups):
            coder.encode_reverse(places, model)
        return coder.get_compressed().astype("<u4").tobytes()


class TableReader:
    """Gives symbols back in the order they were put."""

    def __init__(self, coded: bytes, escaped: Iterator[int]):
        words = np.frombuffer(coded, "<u4") if len(coded) % 4 == 0 else np.zeros(1, "<u4")
        if len(words) and not words[-1]:
            raise InputError("The coded part of the stream does not end as one does.")
        self._coder, self._escaped = Coder(words.astype(np.uint32)), escaped

    def take(self, models: Models, grouping: Grouping) -> np.ndarray:
        """The next integers (N, n)."""
        places = [self._coder.decode(models[row], size) for row, size in grouping.groups]
        places = np.concatenate(places).astype(np.int64)
        values = places + models.offsets[grouping.rows]
        for position in np.flatnonzero(places == models.escape).tolist():
            value, first = next(self._escaped, None), models.offsets[grouping.rows[position]]
            if value is None or first <= value < first + models.escape:
                raise InputError("The stream escapes other integers than its tables lack.")
            values[position] = value
        return grouping.restored(values)

    def finish(self) -> None:
        """Raises InputError unless everything was read."""
        if not self._coder.is_empty() or next(self._escaped, None) is not None:
            raise InputError("The stream holds more than its symbols.")
