"""The fast gradient sign method (Goodfellow et al. 2015)."""

from torch import Tensor, nn
from torch.nn import functional as F

from shiftpress.attacks.base import BallAttack, Chance, into_ball, slope, steepest


class FGSM(BallAttack):
    """One step to the edge of the ball, where the cross-entropy rises fastest; the step counts, better or worse."""

    title = "FGSM"
    keeps_best = False

    def moved(self, net: nn.Module, images: Tensor, labels: Tensor, strength: float, chance: Chance) -> Tensor:
        _, gradient = slope(lambda x: F.cross_entropy(net(x), labels, reduction="none"), images)
        return into_ball(images + strength * steepest(gradient, self.norm), images, strength, self.norm)
