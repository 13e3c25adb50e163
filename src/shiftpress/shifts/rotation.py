"""Rotation about the centre of the image."""

import math
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

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
    interpolation: Literal["nearest", "bilinear"] = Field("nearest", description="how pixels are looked up")

    def apply(self, images: Tensor, severity: float, draws: Draws) -> Tensor:
        if severity == 0:
            return images.clone()
        angle = math.radians(severity)
        cos, sin = math.cos(angle), math.sin(angle)
        # affine_grid maps target to source; the y axis of an image points down
        matrix = torch.tensor([[cos, -sin, 0.0], [sin, cos, 0.0]], device=images.device)
        grid = F.affine_grid(matrix.expand(len(images), 2, 3), list(images.shape), align_corners=False)
        return F.grid_sample(images, grid, mode=self.interpolation, padding_mode="zeros", align_corners=False)
