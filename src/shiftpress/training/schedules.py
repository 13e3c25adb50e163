"""Step sizes over a round of training."""

import math

from shiftpress.core.recipe import CardFit
from shiftpress.pruners.base import Span


def step_size(recipe: CardFit, span: Span, step: int, total: int) -> float:
    """The step size of a step, of as many as the whole schedule has."""
    largest = recipe.lr * span.lr
    return largest if span.constant else largest * _share(recipe, step / total)


def _share(recipe: CardFit, done: float) -> float:
    """Share of the largest step size after a share of the round."""
    if done < recipe.warmup:
        return done / recipe.warmup
    if recipe.schedule == "step":
        return 0.1 ** sum(done >= drop for drop in recipe.drops)
    left = (done - recipe.warmup) / (1 - recipe.warmup)
    return 1 - left if recipe.schedule == "one_cycle" else (1 + math.cos(math.pi * left)) / 2
