"""The penalised attack of Wasserstein risk minimisation (Sinha, Namkoong, Duchi 2018)."""

from itertools import pairwise

from pydantic import Field, field_validator
from torch import Tensor, nn
from torch.nn import functional as F

from shiftpress.attacks.base import Attack, Chance, Rises
from shiftpress.core.ascent import ascend


class WRM(Attack):
    """Ascent on gamma CE(x') - |x' - x|^2 / 2 in steps of 1 / sqrt(t): no ball, but distance has its price.

    How far images move depends on the network, so that accuracies of different networks stand beside different
    distances; those are recorded.
    """

    title = "WRM"
    keeps_best = False

    gammas: Rises = Field([1.3], description="weights of the cross-entropy, rising; 1.3 in Gui et al. 2019")
    steps: int = Field(7, ge=1, le=10_000, description="of the ascent; 7 in Gui et al. 2019")

    @field_validator("gammas")
    @classmethod
    def _rising(cls, gammas: list[float]) -> list[float]:
        if gammas[0] <= 0 or any(a >= b for a, b in pairwise(gammas)):
            raise ValueError("weights are above 0 and must rise")
        return gammas

    @property
    def strengths(self) -> list[float]:
        return self.gammas

    def moved(self, net: nn.Module, images: Tensor, labels: Tensor, strength: float, chance: Chance) -> Tensor:
        return ascend(images, lambda x: strength * F.cross_entropy(net(x), labels, reduction="none"), 0.5, self.steps)
