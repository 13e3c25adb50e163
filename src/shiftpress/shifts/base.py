"""Contract of a shift, and the shifted test sets it makes."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from shiftpress.core.component import Component
from shiftpress.core.draws import Draws
from shiftpress.core.seeds import seed_for
from shiftpress.core.tensors import State, read_tensors


class Shift(Component):
    """A map from images to shifted images, at each of several severities.

    Severity 0 leaves an image as it is. Randomness comes from ``Draws`` alone, so that an image shifts the same way in
    every batch.
    """

    title: ClassVar[str]
    """What the shift is called in tables and figures."""
    unit: ClassVar[str]
    """What its severity measures."""

    severities: list[float] = Field(min_length=1, max_length=1000, description="severities to evaluate at")

    @abstractmethod
    def apply(self, images: Tensor, severity: float, draws: Draws) -> Tensor:
        """Shifted copies of images (N, C, H, W) float32 in [0, 1]; same shape and range, input untouched."""


@dataclass(frozen=True)
class Shifted:
    """A test set under one shift: images (S, N, C, H, W) uint8, one row of N images per severity."""

    severities: list[float]
    images: Tensor

    def __iter__(self) -> Iterator[tuple[float, Tensor]]:
        """Severity and images (N, C, H, W) float32 in [0, 1]."""
        for severity, images in zip(self.severities, self.images, strict=True):
            yield severity, images.float() / 255


def shift_images(shift: Shift, images: Tensor, ids: Tensor, seed: int) -> Shifted:
    """Every severity of a shift, made once and shared by all models.

    Shifted images are rounded to 8 bits, as they would be in a file. ``images`` (N, C, H, W) in [0, 1].
    """
    rows = []
    for severity in shift.severities:
        draws = Draws(seed_for(seed, severity), ids)
        rows.append((shift.apply(images, severity, draws) * 255).round().to(torch.uint8))
    return Shifted(list(shift.severities), torch.stack(rows))


def as_tensors(shifted: Shifted) -> State:
    """The shifted set as named tensors, for an artefact."""
    return {"images": shifted.images, "severities": torch.tensor(shifted.severities, dtype=torch.float64)}


def load_shifted(path: str) -> Shifted:
    """A shifted test set, checked against its digest."""
    tensors = read_tensors(path)
    return Shifted(tensors["severities"].tolist(), tensors["images"])
