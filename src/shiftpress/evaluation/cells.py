"""The cells a model is scored in: every shift of a dataset, at every severity."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.core.records import Record
from shiftpress.core.seeds import seed_for
from shiftpress.core.splits import Split
from shiftpress.shifts.base import Shift, Shifted

CHUNK = 250
"""Images a model sees at once; bounds memory."""

PerImage = Callable[[Tensor, Tensor], Tensor]
"""Images (N, C, H, W) and labels (N,) -> a differentiable loss per image, (N,)."""


@dataclass(frozen=True)
class Cell:
    """Images and labels (N,) under one shift at one severity. Images are float32 in [0, 1]."""

    shift: str
    severity: float
    source: str
    images: Tensor
    labels: Tensor


def cells(shifted: Mapping[str, Shifted], sources: Mapping[str, str]) -> Iterator[Cell]:
    """The cells whose images were made beforehand."""
    for name, rows in shifted.items():
        for severity, split in rows:
            yield Cell(name, severity, sources[name], split.pixels, split.labels)


def white_box_cells(shifts: Mapping[str, Shift], test: Split, loss: PerImage, seed: int) -> Iterator[Cell]:
    """The cells whose images are made against this very model."""
    for name, shift in shifts.items():
        for severity in shift.severities:
            draws = Draws(seed_for(seed, name, severity), test.ids)
            worst = shift.perturb(test.pixels, severity, lambda x, rows: loss(x, test.labels[rows]), draws)
            yield Cell(name, severity, shift.source, worst.detach(), test.labels)


def record(cell: Cell, metric: str, value: float, **shared: Any) -> Record:
    """One number about a cell; ``shared`` are the fields that all records of a job have."""
    place = {"shift": cell.shift, "severity": cell.severity, "source": cell.source}
    return Record(**place, metric=metric, value=value, n=len(cell.labels), **shared)
