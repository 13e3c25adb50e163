"""Symbols by tables, coded with asymmetric numeral systems (constriction, which is memory safe).

Within a part of a chunk, symbols are grouped by table and each group is coded by one call.
"""

from collections.abc import Iterator

import constriction
import numpy as np

from shiftpress.coding.grouping import Grouping
from shiftpress.coding.ranked import Model, Models
from shiftpress.core.problems import InputError

Coder = constriction.stream.stack.AnsCoder


class TableWriter:
    """Collects chunks of symbols; they are coded last first, as the coder gives back last what came first."""

    def __init__(self) -> None:
        self._groups: list[tuple[Model, np.ndarray]] = []
        self.escaped: list[int] = []

    def put(self, models: Models, values: np.ndarray, grouping: Grouping) -> None:
        """Add integers (N, n) int32."""
        ranks = models.ranks(values, grouping)
        if ranks.max() == models.escape:
            self.escaped += values[ranks == models.escape].tolist()
        ranks = grouping.sorted(ranks)
        self._groups += [(models.encoders[row], ranks[span]) for row, span in grouping.groups]

    def coded(self) -> bytes:
        """The stream of everything that was put."""
        coder = Coder()
        for model, ranks in reversed(self._groups):
            coder.encode_reverse(ranks, model)
        return coder.get_compressed().astype("<u4").tobytes()


class TableReader:
    """Gives symbols back in the order they were put."""

    def __init__(self, coded: bytes, escaped: Iterator[int]):
        words = np.frombuffer(coded, "<u4") if len(coded) % 4 == 0 else np.zeros(1, "<u4")
        if len(words) and not words[-1]:
            raise InputError("The coded part of the stream does not end as one does.")
        self._coder, self._escaped = Coder(words.astype(np.uint32)), escaped

    def take(self, models: Models, grouping: Grouping) -> np.ndarray:
        """The next integers (N, n) int32."""
        groups = [self._coder.decode(models.decoders[row], span.stop - span.start) for row, span in grouping.groups]
        ranks = grouping.restored(np.concatenate(groups))
        values = models.values(ranks, grouping)
        if ranks.max() == models.escape:
            missing = ranks == models.escape
            lowest = np.broadcast_to(grouping.first, values.shape)[missing]
            values[missing] = self._unlisted(lowest.tolist(), models.escape)
        return values

    def finish(self) -> None:
        """Raises InputError unless everything was read."""
        if not self._coder.is_empty() or next(self._escaped, None) is not None:
            raise InputError("The stream holds more than its symbols.")

    def _unlisted(self, lowest: list[int], width: int) -> list[int]:
        """The next escaped integers, of tables that begin at these and are so wide."""
        found = []
        for first in lowest:
            value = next(self._escaped, None)
            if value is None or first <= value < first + width:
                raise InputError("The stream escapes other integers than its tables lack.")
            found.append(value)
        return found
