"""Streams of test images that are not of one domain: all shifts mixed, and one drifting into the next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from shiftpress.core.records import Record

MIXED, DRIFT = "mixed", "drift"
"""In place of a shift."""
PARTS = 10
"""Of the drifting stream; the severity of a part is where it ends, from 0 to 1."""


@dataclass(frozen=True)
class View:
    """Labels (N,) of some images, the cards' logits (cards, N, K), and what each gate sees in them, by its name."""

    shift: str
    severity: float
    source: str
    labels: Tensor
    logits: Tensor
    features: Mapping[str, Tensor]

    def rows(self, rows: Tensor) -> "View":
        """Some of its images."""
        features = {name: values[rows] for name, values in self.features.items()}
        return View(self.shift, self.severity, self.source, self.labels[rows], self.logits[:, rows], features)

    def record(self, model: str, metric: str, value: float, **shared: Any) -> Record:
        """One number about it."""
        place = {"shift": self.shift, "severity": self.severity, "source": self.source}
        return Record(model=model, metric=metric, value=value, n=len(self.labels), **place, **shared)


class Streams:
    """Takes a few random images of each of ``count`` views, about ``most`` in all, and shows them in other orders."""

    def __init__(self, count: int, most: int, seed: int):
        self._each = max(1, most // count)
        self._random = torch.Generator().manual_seed(seed)
        self._taken: list[View] = []
        self._keys: list[Tensor] = []

    def add(self, view: View) -> None:
        """The next view; the drifting stream goes through them in this order."""
        rows = torch.randperm(len(view.labels), generator=self._random)[: self._each]
        # every view reaches into the next one, so that one domain fades into the other
        self._keys.append(len(self._taken) + 2 * torch.rand(len(rows), generator=self._random))
        self._taken.append(view.rows(rows))

    def views(self) -> Iterator[View]:
        """All of them shuffled, and the parts of the stream that drifts."""
        whole = self._whole()
        yield _renamed(whole.rows(torch.randperm(len(whole.labels), generator=self._random)), MIXED, 1.0)
        order = torch.cat(self._keys).argsort(stable=True)
        for number, rows in enumerate(order.tensor_split(PARTS), 1):
            if len(rows):
                yield _renamed(whole.rows(rows), DRIFT, number / PARTS)

    def _whole(self) -> View:
        first = self._taken[0]
        features = {name: torch.cat([view.features[name] for view in self._taken]) for name in first.features}
        logits = torch.cat([view.logits for view in self._taken], 1)
        return View(MIXED, 1.0, first.source, torch.cat([view.labels for view in self._taken]), logits, features)


def _renamed(view: View, shift: str, severity: float) -> View:
    return View(shift, severity, view.source, view.labels, view.logits, view.features)
