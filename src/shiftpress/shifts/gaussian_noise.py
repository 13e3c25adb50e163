"""Gaussian noise, the first of the common corruptions."""

from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import Corruption


class GaussianNoise(Corruption):
    """x + N(0, c^2) per value, as of a sensor in poor light (Hendrycks and Dietterich 2019)."""

    title = "Gaussian noise"
    fidelity = "same operator, other random stream"
    piece = 1 << 17
    table = {
        "cifar": (0.04, 0.06, 0.08, 0.09, 0.10),
        "imagenet": (0.08, 0.12, 0.18, 0.26, 0.38),
        "mnist": (0.08, 0.12, 0.18, 0.26, 0.38),
    }

    def corrupt(self, levels: Tensor, constants: float, draws: Draws) -> Tensor:
        return draws.normal(*levels.shape[1:]).mul_(255 * constants).add_(levels)
