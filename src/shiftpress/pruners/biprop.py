"""Biprop (Diffenderfer & Kailkhura 2021): edge-popup with binary weights, the method behind the binary CARDs."""

from pydantic import Field
from torch import Tensor

from shiftpress.pruners.base import ScorePruner


class Biprop(ScorePruner):
    """Edge-popup whose kept weights are their signs times one gain per layer: the mean magnitude of what is kept.

    Scores learn as in edge-popup; the gain is not differentiated. With one threshold for all layers the sparsity rises
    from 50 % to its level along a cubic curve first (10 of 100 epochs), against layers that lose everything.
    """

    title = "biprop"
    binary = True

    settle: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="share of the training in which a global threshold rises from 50 % to its level",
    )

    def fixed(self, weight: Tensor, sparsity: float) -> Tensor:
        return weight

    def sparsity_at(self, target: float, step: int, total: int) -> float:
        rising = self.settle * total
        if self.scope == "layerwise" or target <= 0.5 or step >= rising:
            return target
        return target + (0.5 - target) * (1 - step / rising) ** 3
