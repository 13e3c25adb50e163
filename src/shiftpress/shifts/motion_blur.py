"""Motion blur: the camera moved."""

from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import Corruption
from shiftpress.shifts._motion import kernel, smear


class MotionBlur(Corruption):
    """A one-sided Gaussian along a line within 45 degrees of the horizontal (Hendrycks and Dietterich 2019).

    Constants are (radius, sigma); the angle is drawn once for each image.
    """

    title = "motion blur"
    fidelity = "same operator, other random stream"
    table = {
        "cifar": ((6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)),
        "imagenet": ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15)),
        "mnist": ((6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)),
    }
    piece = 1 << 18

    def order(self, draws: Draws) -> Tensor:
        return draws.uniform().argsort()

    def corrupt(self, levels: Tensor, constants: tuple[int, float], draws: Draws) -> Tensor:
        return streaks(levels, *constants, 90 * draws.uniform() - 45)


def streaks(levels: Tensor, radius: int, sigma: float, angles: Tensor) -> Tensor:
    """Whole levels blurred along angles (N,) in degrees."""
    weights = kernel(radius, sigma)
    return smear(levels, weights, angles)
