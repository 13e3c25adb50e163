"""The cells a model is scored in: every shift of a dataset, at every severity."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from shiftpress.core.device import here
from shiftpress.core.records import DIVERGED, Record
from shiftpress.shifts.base import Shifted

CHUNK = 250
"""Images a model sees at once; bounds memory."""

PerImage = Callable[[Tensor, Tensor], Tensor]
"""Images (N, C, H, W) and labels (N,) -> a differentiable loss per image, (N,)."""

Measure = Callable[[Tensor, Tensor], dict[str, float]]
"""Images (N, C, H, W) and labels (N,) -> metrics of a model, means over the images."""


@dataclass(frozen=True)
class Cell:
    """Images and labels (N,) under one shift at one severity. Images are float32 in [0, 1]."""

    shift: str
    severity: float
    source: str
    images: Tensor
    labels: Tensor


def cells(shifted: Mapping[str, Shifted], sources: Mapping[str, str], most: int | None = None) -> Iterator[Cell]:
    """The cells whose images were made beforehand, each brought to the device of the job as bytes.

    Of each the first ``most`` images, or all.
    """
    for name, rows in shifted.items():
        for severity, split in rows:
            part = split[:most].to(here())
            yield Cell(name, severity, sources[name], part.pixels, part.labels)


def unshifted(cells: Iterable[Cell]) -> Iterator[Cell]:
    """Those whose images are as they were."""
    return (cell for cell in cells if cell.severity == 0)


def score(cells: Iterable[Cell], measure: Measure, **shared: Any) -> Iterator[Record]:
    """Every metric of a model in every cell."""
    for cell in cells:
        for metric, value in measure(cell.images, cell.labels).items():
            yield record(cell, metric, value, **shared)


def record(cell: Cell, metric: str, value: float, **shared: Any) -> Record:
    """One number about a cell; ``shared`` are the fields that all records of a job have."""
    place = {"shift": cell.shift, "severity": cell.severity, "source": cell.source}
    return Record(**place, metric=metric, value=value, n=len(cell.labels), **shared)


def diverged(step: int, **shared: Any) -> Record:
    """The only record of a network whose training diverged: at which step."""
    place = {"shift": "training", "severity": 0.0, "source": "regenerated", "n": 1}
    return Record(metric=DIVERGED, value=float(step), **place, **shared)
