"""Dark for light: the negative of an image."""

from typing import Annotated

from pydantic import Field
from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts.base import Shift


class Inversion(Shift):
    """(1 - s) x + s (1 - x): the image at s = 0, plain grey at 0.5, its negative at 1."""

    title = "inversion"
    unit = "share"

    severities: list[Annotated[float, Field(ge=0, le=1)]] = Field(
        [1.0], min_length=1, max_length=1000, description="share of the negative"
    )

    def apply(self, images: Tensor, severity: float, draws: Draws) -> Tensor:
        return ((1 - severity) * images + severity * (1 - images)).clamp(0, 1)
