"""Learning-rate rewinding (Renda, Frankle, Carbin 2020), the method behind the full-precision CARDs."""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from shiftpress.pruners.base import Masks, Pruner, smallest_removed


class LearningRateRewinding(Pruner):
    """Train; remove the smallest weights; retrain what is left for as long again, from where it stands; repeat.

    Weights are kept and only the schedule starts again, with fresh momentum (Diffenderfer et al. 2021 use it as LRR).
    The usual chain removes 20 % of what remains per round, 14 trainings to 95 %. Here a round goes straight to the next
    listed sparsity: fewer trainings, a deviation of ours that keeps the grid of the paper.
    """

    title = "LRR"

    scope: Literal["global", "layerwise"] = Field("global", description="one threshold for the network, or one a layer")

    def masks(self, weights: dict[str, Tensor], sparsity: float, before: Masks) -> Masks:
        scores = {
            name: weight.abs().masked_fill(~before[name], -1.0) if name in before else weight.abs()
            for name, weight in weights.items()
        }
        if self.scope == "layerwise":
            return {name: _keep(score.flatten(), sparsity).view_as(score) for name, score in scores.items()}
        kept = _keep(torch.cat([score.flatten() for score in scores.values()]), sparsity)
        parts = kept.split([score.numel() for score in scores.values()])
        return {name: part.view_as(scores[name]) for name, part in zip(scores, parts, strict=True)}

    def restart(self, trained: dict[str, Tensor]) -> dict[str, Tensor]:
        return trained


def _keep(scores: Tensor, sparsity: float) -> Tensor:
    return smallest_removed(scores, round(sparsity * scores.numel()))
