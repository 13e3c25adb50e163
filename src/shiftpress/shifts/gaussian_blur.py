"""Gaussian blur, one of the four additional common corruptions."""

from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import Corruption
from shiftpress.shifts._gaussian import blur


class GaussianBlur(Corruption):
    """A Gaussian filter of deviation c pixels (Hendrycks and Dietterich 2019)."""

    title = "Gaussian blur"
    fidelity = "exact"
    table = {
        "cifar": (0.4, 0.6, 0.7, 0.8, 1.0),
        "imagenet": (1, 2, 3, 4, 6),
        "mnist": (0.5, 0.75, 1.0, 1.25, 1.5),
    }

    def corrupt(self, levels: Tensor, constants: float, draws: Draws) -> Tensor:
        return blur(levels.double().div_(255), constants).clamp_(0, 1).mul_(255)
