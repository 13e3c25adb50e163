"""ALR: adversarial training of low-rank layers."""

from shiftpress.compressors._factored import LowRank
from shiftpress.compressors.base import Adversarial, Form, Weights


class AdversarialLowRank(Adversarial):
    """Every layer becomes a product; ratios are shares of the singular values of all layers together."""

    title = "ALR"

    def begin(self, weights: Weights, ratio: float) -> Form:
        return LowRank(weights, ratio)
