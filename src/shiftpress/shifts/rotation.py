"""Rotation about the centre of the image."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from shiftpress.core.affine import Interpolation, rotation, warp
from shiftpress.core.draws import Draws
from shiftpress.shifts.base import Shift


class Rotation(Shift):
    """g_phi x: every image turned counter-clockwise by one angle, what leaves the frame lost, zeros coming in.

    The group shift of Lei et al. 2021, whose figures use nearest-neighbour rotation; there, 90 degrees is exact and
    angles between leave jagged edges. Bilinear smooths them.
    """

    title = "rotation"
    unit = "degrees"

    severities: list[Annotated[float, Field(ge=-180, le=180)]] = Field(
        [-90, -45, 0, 45, 90], min_length=1, max_length=1000, description="angles in degrees"
    )
    interpolation: Interpolation = Field("nearest", description="how pixels are looked up")

    def apply(self, images: Tensor, severity: float, draws: Draws) -> Tensor:
        if severity == 0:
            return images.clone()
        return warp(images, rotation(torch.tensor(severity), like=images), self.interpolation)
