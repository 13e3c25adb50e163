"""Subpopulation shift: other shares of the classes, the same images."""

from typing import Annotated

import torch
from pydantic import Field

from shiftpress.core.draws import Draws
from shiftpress.core.splits import Split
from shiftpress.shifts.base import Others, Shift


class ClassMix(Shift):
    """Label shift: P(y) changes and P(x | y) stays. An image is kept or dropped by a draw of its own.

    At severity s, class k of K is kept with probability (1 - s) + s r^(k / (K - 1)): all classes alike at 0, a long
    tail with the last class r times as frequent as the first at 1. ``reverse`` makes the first class the rare one.
    """

    title = "class mix"
    unit = "share of the long tail"

    severities: list[Annotated[float, Field(ge=0, le=1)]] = Field(
        [0.5, 1.0], min_length=1, max_length=1000, description="0 keeps all images, 1 is the long tail"
    )
    rarest: float = Field(0.05, gt=0, lt=1, description="r, frequency of the rarest class relative to the commonest")
    reverse: bool = Field(False, description="whether the first class is the rarest")

    def shift(self, test: Split, severity: float, seed: int, others: Others) -> Split:
        if severity == 0:
            return test
        ranks = test.labels.float() / test.labels.max().clamp_min(1)
        ranks = 1 - ranks if self.reverse else ranks
        share = (1 - severity) + severity * torch.pow(self.rarest, ranks)
        return test[Draws(seed, test.ids).uniform() < share]
