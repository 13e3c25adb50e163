"""Dense adversarial training: the network that nothing was taken from."""

from typing import Literal

from pydantic import Field

from shiftpress.compressors.base import Adversarial, Form, Ratio, Weights


class DenseAdversarial(Adversarial):
    """No compression, for as many epochs in all as every other method."""

    title = "dense, adversarial"

    ratios: list[Ratio] = Field([1.0], min_length=1, max_length=1, description="the whole network")
    course: Literal["continued", "whole"] = Field(
        "continued", description="from the base network, with step sizes like the others; or one schedule, from anew"
    )

    @property
    def from_scratch(self) -> bool:
        return self.course == "whole"

    def begin(self, weights: Weights, ratio: float) -> Form:
        return Form(weights)
