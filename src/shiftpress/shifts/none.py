"""No shift: the test images as they are."""

from typing import Literal

from pydantic import Field
from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts.base import Shift


class NoShift(Shift):
    """The clean test set, the reference every shift is compared with."""

    title = "clean"
    unit = ""

    severities: list[Literal[0]] = Field([0], min_length=1, max_length=1, description="0: there is nothing to vary")

    def apply(self, images: Tensor, severity: float, draws: Draws) -> Tensor:
        return images.clone()
