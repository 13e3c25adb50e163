"""What a compressed network loses under a shift, beside what it loses anyway: from records of all sizes of a dataset.

Accuracy under a shift falls with accuracy on clean images, whatever made it fall. Two ways of taking that out are the
excess loss (a difference of differences) and effective robustness (Taori et al. 2020): how far the logit of accuracy
under the shift lies above the line through the dense networks, logit against logit.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, product
from math import log

import numpy as np

from shiftpress.core.adversarial import ROBUST
from shiftpress.core.edge import DENSE, UNTAUGHT
from shiftpress.core.records import Record
from shiftpress.evaluation.behind import Behind, seen
from shiftpress.evaluation.ranking import kendall

ACCURACIES = ("accuracy", ROBUST)
PLAIN = (DENSE, UNTAUGHT)
"""Methods whose networks are dense and trained as usual, of every size: the line goes through them."""
Place = tuple[str, str, float]
"""Metric, shift and severity."""
Key = tuple[str, int]
"""Model and seed."""
Cell = dict[Key, Record]
Computed = tuple[Record, list[Key]]
"""A record, and the networks it is computed from."""


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
        records = list(records)
        self.found: dict[Place, Cell] = defaultdict(dict)
        self.source: dict[str, Cell] = {metric: {} for metric in ACCURACIES}
        """By metric, the same images without a shift; of attacks, those that they attack, whichever says it."""
        self.behind = Behind(records)
        self.models = {record.model for record in records}
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

        Beside each stand the gates that an attack failed on any network it is computed from. Where a dense parent
        diverged there are no losses, where any network of a size did, no order; which is said, seed by seed.
        """
        for place in sorted(self.found):
            here, there = self.found[place], self.source[place[0]]
            for record, of in chain(_losses(here, there), _residuals(here, there), _orders(here, there)):
                if (record.model, record.seed) not in self._orderless:
                    yield record
                    both = (cell[key] for key in of for cell in (here, there))
                    yield from self.behind.doubts(record, map(seen, both))
        yield from self._missing()

    @cached_property
    def _orderless(self) -> dict[tuple[str, int], tuple[str, int]]:
        """Of every size and seed without an order, a network that is to blame."""
        return {(_order_of(model), seed): (model, seed) for model, seed in self.behind.lost}

    def _missing(self) -> Iterator[Record]:
        for (order, _), lost in sorted(self._orderless.items()):
            yield self.behind.missing(lost, order, "kendall_tau")
        for parent, seed in sorted(self.behind.lost):
            children = [model for model in sorted(self.models) if model != parent and Name.of(model).parent == parent]
            for model, metric in product(children, ("lost_accuracy", "excess_loss")):
                yield self.behind.missing((parent, seed), model, metric)


def _losses(here: Cell, there: Cell) -> Iterator[Computed]:
    for (model, seed), record in here.items():
        key, parent = (model, seed), (Name.of(model).parent, seed)
        if Name.of(model).method == DENSE or parent not in here or not {parent, key} <= there.keys():
            continue
        lost = here[parent].value - record.value
        before = there[parent].value - there[key].value
        yield _like(record, "lost_accuracy", lost), [key, parent]
        yield _like(record, "excess_loss", lost - before), [key, parent]


def _residuals(here: Cell, there: Cell) -> Iterator[Computed]:
    points = {key: (_logit(there[key]), _logit(here[key])) for key in here if key in there}
    dense = [key for key in points if Name.of(key[0]).method in PLAIN]
    line = [points[key] for key in dense]
    if len({x for x, _ in line}) < 3:
        return
    slope, height = np.polyfit(*zip(*line, strict=True), 1)
    for key, (x, y) in points.items():
        yield _like(here[key], "effective_robustness", float(y - (slope * x + height))), [key, *dense]


def _orders(here: Cell, there: Cell) -> Iterator[Computed]:
    groups: dict[tuple[str, int], list[Key]] = defaultdict(list)
    for model, seed in sorted(here.keys() & there.keys()):
        groups[_order_of(model), seed].append((model, seed))
    for (order, _), keys in sorted(groups.items()):
        tau = kendall([(there[key].value, here[key].value) for key in keys])
        if tau is not None:
            yield _like(here[keys[0]].model_copy(update={"model": order}), "kendall_tau", tau), keys


def _order_of(model: str) -> str:
    """What the order of a size's networks is called."""
    return f"{Name.of(model).classifier}/order/all"


def _logit(record: Record) -> float:
    """Of an accuracy, with half an image added on either side, so that none is infinite."""
    right = record.value * record.n
    return log((right + 0.5) / (record.n - right + 0.5))


def _like(record: Record, metric: str, value: float) -> Record:
    return record.model_copy(update={"metric": metric, "value": value})
