"""The order in which the symbols of a chunk are sent."""

from functools import cached_property

import numpy as np

from shiftpress.core.problems import InputError


class Grouping:
    """The order in which symbols (N, n) are sent: by table, then by place, then by image.

    ``rows`` (N, n) says which table a symbol has, (1, n) if it is the same for every image. ``first`` and ``starts``
    come as those of each table (K,), and stay as those of each symbol's. Raises InputError where no such table is.
    """

    def __init__(self, rows: np.ndarray, count: int, first: np.ndarray, starts: np.ndarray):
        if rows.min() < 0 or rows.max() >= len(starts):
            raise InputError("The model asks for a table it does not have.")
        self.count, self._rows = count, rows.tobytes() if len(rows) == 1 else None
        self.first, self.starts = first.take(rows), starts.take(rows)
        small = rows.astype(np.min_scalar_type(len(starts) - 1))
        # by place and then by image; numpy sorts integers of up to 16 bits by radix
        self._order = small.T.ravel().argsort(kind="stable")
        ends = (np.bincount(small.ravel()).cumsum() * (count // len(rows))).tolist()
        spans = enumerate(map(slice, [0, *ends], ends))
        self.groups = [(row, span) for row, span in spans if span.start < span.stop]

    @cached_property
    def _places(self) -> np.ndarray:
        places = np.empty_like(self._order)
        places[self._order] = np.arange(len(self._order))
        return places

    def fits(self, rows: np.ndarray, count: int) -> bool:
        """Whether another part has the same order."""
        return len(rows) == 1 and count == self.count and rows.tobytes() == self._rows

    def sorted(self, ranks: np.ndarray) -> np.ndarray:
        """Ranks (N, n) in the order they are sent."""
        return self._alike(ranks.T).take(self._order, 0).ravel()

    def restored(self, ranks: np.ndarray) -> np.ndarray:
        """Ranks in the order they were sent, as (N, n)."""
        by_place = self._alike(ranks).take(self._places, 0)
        return np.ascontiguousarray(by_place.reshape(-1, self.count).T)

    def _alike(self, ranks: np.ndarray) -> np.ndarray:
        """Ranks by place and then by image, as rows that stay together: all images of a place, or a single one."""
        return ranks.reshape(len(self._order), -1)
