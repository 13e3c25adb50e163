"""Contrast: everything nearer to the mean."""

from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import Corruption


class Contrast(Corruption):
    """(x - m) c + m with the mean m of each channel of the image (Hendrycks and Dietterich 2019)."""

    title = "contrast"
    fidelity = "exact but for rounding: at most 1 value in 10,000 differs, by one level"
    table = {
        "cifar": (0.75, 0.5, 0.4, 0.3, 0.15),
        "imagenet": (0.4, 0.3, 0.2, 0.1, 0.05),
        "mnist": (0.75, 0.5, 0.4, 0.3, 0.15),
    }

    def corrupt(self, levels: Tensor, constants: float, draws: Draws) -> Tensor:
        # whole levels add up exactly, in any order
        means = levels.double().sum((2, 3), keepdim=True).div_(levels[0, 0].numel()).div_(255)
        return levels.double().div_(255).sub_(means).mul_(constants).add_(means).mul_(255)
