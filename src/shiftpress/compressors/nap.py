"""NAP: pruning without any attack in training."""

from pydantic import Field

from shiftpress.compressors._selected import Selected
from shiftpress.compressors.base import Compressor, Form, Weights
from shiftpress.core.recipe import AtmcFit, Objective


class NonAdversarialPruning(Compressor):
    """A network trained on clean images is pruned once, by magnitude, and trained on on clean images."""

    title = "NAP"

    least: int = Field(1, ge=0, le=1000, description="weights that every layer keeps at least")

    def objective_of(self, recipe: AtmcFit) -> Objective:
        return "natural"

    def begin(self, weights: Weights, ratio: float) -> Form:
        return Selected(weights, ratio, self.least, anew=False)
