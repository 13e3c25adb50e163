"""Additive white Gaussian noise, clipped to the range of an image."""

from typing import Annotated

from pydantic import Field
from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts.base import Shift


class GaussianNoise(Shift):
    """x + N(0, sigma^2) per value, clipped to [0, 1] (Lei et al. 2021 on AWGN; Hendrycks & Dietterich 2019)."""

    title = "Gaussian noise"
    unit = "standard deviation"

    severities: list[Annotated[float, Field(ge=0, le=1)]] = Field(
        [0.05, 0.1, 0.2],
        min_length=1,
        max_length=1000,
        description="standard deviations, on pixels in [0, 1]",
    )

    def apply(self, images: Tensor, severity: float, draws: Draws) -> Tensor:
        return (images + severity * draws.normal(*images.shape[1:])).clamp(0, 1)
