"""A change of size about the centre of the image."""

from typing import Annotated

from pydantic import Field
from torch import Tensor

from shiftpress.core.affine import Interpolation, rows, warp
from shiftpress.core.draws import Draws
from shiftpress.shifts.base import Shift


class Scale(Shift):
    """Every image shrunk or enlarged by one factor inside its frame; zeros come in, what leaves is lost."""

    title = "change of size"
    unit = "relative change"

    severities: list[Annotated[float, Field(ge=-0.9, le=9)]] = Field(
        [-0.4, -0.2, 0.2, 0.4], min_length=1, max_length=1000, description="-0.5 halves an image, 1 doubles it"
    )
    interpolation: Interpolation = Field("bilinear", description="how pixels are looked up")

    def apply(self, images: Tensor, severity: float, draws: Draws) -> Tensor:
        if severity == 0:
            return images.clone()
        step = 1 / (1 + severity)
        return warp(images, rows(step, 0, 0, 0, step, 0, like=images), self.interpolation)
