"""The attack of the ATMC authors' code (Gui et al. 2019)."""

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from shiftpress.attacks.base import BallAttack, Chance, into_ball, slope, steepest


class PaperPGD(BallAttack):
    """PGD as the numbers of the paper were made: from the image itself, steps of 1.25 eps / n, and the last one counts.

    Their random start discards its noise, so there is none. A path of 1.25 eps cannot cross the ball, and the same
    attack trains the networks: it flatters them, and is here to make their numbers comparable.
    """

    title = "PGD of the paper"
    keeps_best = False

    steps: int = Field(7, ge=1, le=10_000, description="n; 7 in the paper, 16 on MNIST")

    def moved(self, net: nn.Module, images: Tensor, labels: Tensor, strength: float, chance: Chance) -> Tensor:
        found, length = images.clone(), 1.25 * strength / self.steps
        for _ in range(self.steps):
            _, gradient = slope(lambda x: F.cross_entropy(net(x), labels, reduction="none"), found)
            found = into_ball(found + length * steepest(gradient, self.norm), images, strength, self.norm)
        return found
