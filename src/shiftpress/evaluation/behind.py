"""What stands behind records that compare networks: attacks that failed a sanity gate, and trainings that diverged."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from shiftpress.core.adversarial import BEHIND, UNRELIABLE
from shiftpress.core.records import DIVERGED, DIVERGED_BEHIND, Record

Seen = tuple[str, str, float, int]
"""Model, shift, severity and seed."""


def seen(record: Record) -> Seen:
    """What a record is about, within a phase and dataset."""
    return record.model, record.shift, record.severity, record.seed


class Behind:
    """Of records of one phase and dataset: which gates failed, and which networks never came to be."""

    def __init__(self, records: Iterable[Record]):
        self._failed: dict[Seen, set[str]] = defaultdict(set)
        self._lost: dict[tuple[str, int], Record] = {}
        for record in records:
            if record.metric.startswith(f"{UNRELIABLE}/") and record.value > 0:
                self._failed[seen(record)].add(record.metric.removeprefix(f"{UNRELIABLE}/"))
            elif record.metric == DIVERGED:
                self._lost[record.model, record.seed] = record

    @property
    def lost(self) -> list[tuple[str, int]]:
        """Models and seeds whose training diverged."""
        return list(self._lost)

    def doubts(self, record: Record, of: Iterable[Seen]) -> Iterator[Record]:
        """A record for every gate that anything failed which ``record`` was computed from; it is about that metric."""
        for gate in sorted(set().union(*(self._failed.get(one, ()) for one in of))):
            yield record.model_copy(update={"metric": f"{BEHIND}{record.metric}/{gate}", "value": 1.0})

    def missing(self, lost: tuple[str, int], model: str, metric: str) -> Record:
        """What says that a metric of ``model``, which compares it with a network that diverged, cannot be had."""
        return self._lost[lost].model_copy(update={"model": model, "metric": f"{DIVERGED_BEHIND}{metric}"})
