"""Digits on a patterned ground, in the manner of MNIST-M."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from shiftpress.core.component import Name
from shiftpress.core.draws import Draws
from shiftpress.core.splits import Split
from shiftpress.shifts.base import Others, Shift, mapped

PATCHES = 5
"""Random values along each side of a made ground; they are joined smoothly."""


class Blend(Shift):
    """|s g - x| with a ground g: the difference that Ganin & Lempitsky 2015 make MNIST-M with.

    Their grounds are photographs. Here they are the test images of another dataset, or smooth random patterns.
    """

    title = "patterned ground"
    unit = "strength"

    severities: list[Annotated[float, Field(ge=0, le=1)]] = Field(
        [0.25, 0.5, 1.0], min_length=1, max_length=1000, description="strength of the ground"
    )
    ground: Name | None = Field(None, description="name of the dataset that gives grounds; none makes patterns")

    def needs(self) -> dict[str, list[str]]:
        return {"datasets": [self.ground]} if self.ground else {}

    def shift(self, test: Split, severity: float, seed: int, others: Others) -> Split:
        if not self.ground:
            return super().shift(test, severity, seed, others)
        grounds = others.splits[self.ground].pixels
        return mapped(lambda x, draws: _blend(x, grounds[draws.integers() % len(grounds)], severity), test, seed)

    def apply(self, images: Tensor, severity: float, draws: Draws) -> Tensor:
        coarse = draws.uniform(images.shape[1], PATCHES, PATCHES).to(images)
        smooth = F.interpolate(coarse, size=images.shape[2:], mode="bicubic", align_corners=True)
        return _blend(images, smooth.clamp(0, 1), severity)


def _blend(images: Tensor, grounds: Tensor, severity: float) -> Tensor:
    return torch.abs(severity * grounds - images)
