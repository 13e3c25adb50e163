"""One-shot magnitude pruning and fine-tuning."""

from pydantic import Field

from shiftpress.pruners.base import Pruner, Span


class FineTune(Pruner):
    """Remove the smallest weights of the trained network at once, then train on at a small, constant step size.

    The paper's epochs and step size are unknown. Our default: a quarter of the recipe's epochs at a hundredth of its
    step size, the last step of the usual .1, .01, .001.
    """

    title = "fine-tuning"

    length: float = Field(0.25, gt=0, le=10, description="epochs per level, as a multiple of the recipe's")
    lr: float = Field(0.01, gt=0, le=1, description="constant step size, as a multiple of the recipe's first")

    def span(self) -> Span:
        return Span(length=self.length, lr=self.lr, constant=True)
