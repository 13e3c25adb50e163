"""Additive white Gaussian noise, clipped to the range of an image."""

from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts.base import Shift


class WhiteNoise(Shift):
    """x + N(0, sigma^2) per value, clipped to [0, 1].

    Measured by rho, it is a member of the Wasserstein ball of that radius: noise of variance rho / n on n values moves
    an image by rho in expected squared distance (Lei et al. 2021: rho = 20.1 is sigma = 0.140 on 1,024 values).
    """

    title = "white noise"
    unit = "strength"

    severities: list[Annotated[float, Field(ge=0, le=1000)]] = Field(
        [0.05, 0.1, 0.2], min_length=1, max_length=1000, description="strengths, in the measure below"
    )
    measure: Literal["sigma", "rho"] = Field(
        "sigma", description="sigma: standard deviation, pixels in [0, 1]; rho: expected squared distance per image"
    )

    def apply(self, images: Tensor, severity: float, draws: Draws) -> Tensor:
        values = images[0].numel()
        sigma = severity if self.measure == "sigma" else (severity / values) ** 0.5
        return (images + sigma * draws.normal(*images.shape[1:])).clamp(0, 1)
