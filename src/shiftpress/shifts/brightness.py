"""Brightness: more light."""

from functools import lru_cache

from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import Corruption
from shiftpress.shifts._hsv import Change, recolour


class Brightness(Corruption):
    """The value of every pixel in the HSV cone raised by c (Hendrycks and Dietterich 2019)."""

    title = "brightness"
    fidelity = "exact"
    piece = 1 << 17
    table = {
        "cifar": (0.05, 0.1, 0.15, 0.2, 0.3),
        "imagenet": (0.1, 0.2, 0.3, 0.4, 0.5),
        "mnist": (0.1, 0.2, 0.3, 0.4, 0.5),
    }

    def corrupt(self, levels: Tensor, constants: float, draws: Draws) -> Tensor:
        return recolour(levels, _raise(constants))


@lru_cache(maxsize=32)
def _raise(by: float) -> Change:
    return lambda saturation, value: (saturation, (value + by).clamp(0, 1))
