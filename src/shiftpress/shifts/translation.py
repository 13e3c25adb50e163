"""Translation in the image plane."""

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from shiftpress.core.affine import Interpolation, rows, warp
from shiftpress.core.draws import Draws
from shiftpress.shifts.base import Shift


class Translation(Shift):
    """Every image moved by one distance, each in a direction of its own or all in one; zeros come in.

    A group action like the rotations of Lei et al. 2021, on the group of translations.
    """

    title = "translation"
    unit = "share of the side"

    severities: list[Annotated[float, Field(ge=0, le=1)]] = Field(
        [0.05, 0.1, 0.2], min_length=1, max_length=1000, description="distances as a share of the side"
    )
    direction: float | None = Field(
        None, ge=-180, le=180, description="degrees counter-clockwise from rightwards; none draws one per image"
    )
    interpolation: Interpolation = Field("bilinear", description="how pixels are looked up")

    def apply(self, images: Tensor, severity: float, draws: Draws) -> Tensor:
        if severity == 0:
            return images.clone()
        if self.direction is None:
            angles = 2 * math.pi * draws.uniform().to(images)
        else:
            angles = torch.full((len(images),), math.radians(self.direction)).to(images)
        # half the side is 1 in the coordinates of the grid; the content moves against the lookup
        across, down = -2 * severity * angles.cos(), 2 * severity * angles.sin()
        return warp(images, rows(1, 0, across, 0, 1, down, like=images), self.interpolation)
