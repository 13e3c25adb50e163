"""AP: adversarial pruning in one shot."""

from pydantic import Field

from shiftpress.compressors._selected import Selected
from shiftpress.compressors.base import Adversarial, Form, Weights


class AdversarialPruning(Adversarial):
    """The base network is pruned once, by magnitude, and what is left is trained on."""

    title = "AP"

    least: int = Field(1, ge=0, le=1000, description="weights that every layer keeps at least")

    def begin(self, weights: Weights, ratio: float) -> Form:
        return Selected(weights, ratio, self.least, anew=False)
