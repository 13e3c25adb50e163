"""Gradual magnitude pruning (Zhu & Gupta 2017)."""

import math

from pydantic import Field, model_validator

from shiftpress.pruners.base import Pruner


class Gradual(Pruner):
    """One training in which the sparsity rises along a cubic curve, fast at first; what is removed stays so.

    The constants of Diffenderfer et al. 2021 are unknown; the defaults are ours.
    """

    title = "gradual"
    begins = "untrained"
    rechooses = True

    start: float = Field(0.1, ge=0, lt=1, description="share of the training after which pruning begins")
    end: float = Field(0.6, gt=0, le=1, description="share of the training after which the level is reached")
    every: int = Field(100, ge=1, le=1_000_000, description="steps between two choices of what to remove")

    @model_validator(mode="after")
    def _in_order(self) -> "Gradual":
        if self.start >= self.end:
            raise ValueError("start must come before end")
        return self

    def sparsity_at(self, target: float, step: int, total: int) -> float | None:
        first = math.ceil(self.start * total)
        last = min(total - 1, math.ceil(self.end * total))
        if step == last:
            return target
        if not first <= step < last or (step - first) % self.every:
            return None
        done = (step - first) / (last - first)
        return target * (1 - (1 - done) ** 3)
