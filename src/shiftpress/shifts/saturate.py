"""Saturation, one of the four additional common corruptions."""

from functools import lru_cache

from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import Corruption
from shiftpress.shifts._hsv import Change, recolour


class Saturate(Corruption):
    """The saturation s of every pixel in the HSV cone becomes a s + b (Hendrycks and Dietterich 2019): (a, b).

    A pixel without colour has the hue 0, red. A grey image has no colour, and shifts only where b says so.
    """

    title = "saturation"
    fidelity = "exact"
    monotone = "the constants for CIFAR first take colour out (a = 0.3, 0.1), then put it in (1.5, 2, 2.5)"
    piece = 1 << 17
    table = {
        "cifar": ((0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2)),
        "imagenet": ((0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2)),
        "mnist": ((1, 0.1), (1, 0.2), (1, 0.3), (1, 0.4), (1, 0.5)),
    }

    def corrupt(self, levels: Tensor, constants: tuple[float, float], draws: Draws) -> Tensor:
        return recolour(levels, _stretch(*constants))


@lru_cache(maxsize=32)
def _stretch(by: float, plus: float) -> Change:
    return lambda saturation, value: ((saturation * by + plus).clamp(0, 1), value)
