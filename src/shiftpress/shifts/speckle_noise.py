"""Speckle noise, one of the four additional common corruptions."""

from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import Corruption


class SpeckleNoise(Corruption):
    """x + x N(0, c^2) per value: noise that grows with the light (Hendrycks and Dietterich 2019)."""

    title = "speckle noise"
    fidelity = "same operator, other random stream"
    piece = 1 << 17
    table = {
        "cifar": (0.06, 0.10, 0.12, 0.16, 0.20),
        "imagenet": (0.15, 0.20, 0.35, 0.45, 0.60),
        "mnist": (0.15, 0.20, 0.35, 0.45, 0.60),
    }

    def corrupt(self, levels: Tensor, constants: float, draws: Draws) -> Tensor:
        return draws.normal(*levels.shape[1:]).mul_(constants).mul_(levels).add_(levels)
