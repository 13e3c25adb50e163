"""Al0: adversarial pruning by projection."""

from pydantic import Field

from shiftpress.compressors._selected import Selected
from shiftpress.compressors.base import Adversarial, Form, Weights


class AdversarialProjection(Adversarial):
    """After every step the largest weights are chosen anew; the momentum of the others may bring them back."""

    title = "Aℓ0"

    least: int = Field(1, ge=0, le=1000, description="weights that every layer keeps at least")

    def begin(self, weights: Weights, ratio: float) -> Form:
        return Selected(weights, ratio, self.least, anew=True)
