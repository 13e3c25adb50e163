"""What a compressed network loses under a shift, beside what it loses anyway: from records of all sizes of a dataset.

Accuracy under a shift falls with accuracy on clean images, whatever made it fall. Two ways of taking that out are the
excess loss (a difference of differences) and effective robustness (Taori et al. 2020): how far the logit of accuracy
under the shift lies above the line through the dense networks, logit against logit.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import log

import numpy as np

from shiftpress.core.adversarial import ROBUST
from shiftpress.core.edge import DENSE, UNTAUGHT
from shiftpress.core.records import Record
from shiftpress.evaluation.ranking import kendall

ACCURACIES = ("accuracy", ROBUST)
PLAIN = (DENSE, UNTAUGHT)
"""Methods whose networks are dense and trained as usual, of every size: the line goes through them."""
Place = tuple[str, str, float]
"""Metric, shift and severity."""
Cell = dict[tuple[str, int], Record]
"""By model and seed."""


@dataclass(frozen=True)
class Name:
    """Of a model: ``<classifier>/<method>/<percent>``."""

    classifier: str
    method: str
    percent: str

    @classmethod
    def of(cls, model: str) -> "Name":
        return cls(*model.split("/"))

    @property
    def parent(self) -> str:
        """The dense network of the same classifier."""
        return f"{self.classifier}/{DENSE}/100"


class Resilience:
    """Accuracies by place, model and seed. All records are of one dataset."""

    def __init__(self, records: Iterable[Record]):
        self.found: dict[Place, Cell] = defaultdict(dict)
        self.source: dict[str, Cell] = {metric: {} for metric in ACCURACIES}
        """By metric, the same images without a shift; of attacks, those that they attack, whichever says it."""
        for record in records:
            if record.metric not in ACCURACIES:
                continue
            if record.severity == 0 and (record.metric == ROBUST or record.shift == "clean"):
                self.source[record.metric][record.model, record.seed] = record
            else:
                self.found[record.metric, record.shift, record.severity][record.model, record.seed] = record

    def records(self) -> Iterator[Record]:
        """Of every network under every shift: ``lost_accuracy``, ``excess_loss``, ``effective_robustness``.

        Losses are the dense parent's accuracy less the network's; the excess is the loss less that without the shift.
        Of every size and shift, ``kendall_tau`` of the order of its networks there and without the shift.
        """
        for place in sorted(self.found):
            here, there = self.found[place], self.source[place[0]]
            yield from _losses(here, there)
            yield from _residuals(here, there)
            yield from _orders(here, there)


def _losses(here: Cell, there: Cell) -> Iterator[Record]:
    for (model, seed), record in here.items():
        parent = Name.of(model).parent, seed
        if Name.of(model).method == DENSE or parent not in here or not {parent, (model, seed)} <= there.keys():
            continue
        lost = here[parent].value - record.value
        before = there[parent].value - there[model, seed].value
        yield _like(record, "lost_accuracy", lost)
        yield _like(record, "excess_loss", lost - before)


def _residuals(here: Cell, there: Cell) -> Iterator[Record]:
    points = {key: (_logit(there[key]), _logit(here[key])) for key in here if key in there}
    line = [point for (model, _), point in points.items() if Name.of(model).method in PLAIN]
    if len({x for x, _ in line}) < 3:
        return
    slope, height = np.polyfit(*zip(*line, strict=True), 1)
    for key, (x, y) in points.items():
        yield _like(here[key], "effective_robustness", float(y - (slope * x + height)))


def _orders(here: Cell, there: Cell) -> Iterator[Record]:
    groups: dict[tuple[str, int], list[tuple[str, int]]] = defaultdict(list)
    for model, seed in sorted(here.keys() & there.keys()):
        groups[Name.of(model).classifier, seed].append((model, seed))
    for (classifier, _), keys in sorted(groups.items()):
        tau = kendall([(there[key].value, here[key].value) for key in keys])
        if tau is not None:
            record = here[keys[0]].model_copy(update={"model": f"{classifier}/order/all"})
            yield _like(record, "kendall_tau", tau)


def _logit(record: Record) -> float:
    """Of an accuracy, with half an image added on either side, so that none is infinite."""
    right = record.value * record.n
    return log((right + 0.5) / (record.n - right + 0.5))


def _like(record: Record, metric: str, value: float) -> Record:
    return record.model_copy(update={"metric": metric, "value": value})
