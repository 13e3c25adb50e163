"""Recompression by a learned codec of this study."""

from typing import Annotated

import torch
from pydantic import Field

from shiftpress.core.component import Name
from shiftpress.core.splits import Split
from shiftpress.shifts.base import Others, Shift, mapped


class LearnedCodec(Shift):
    """The images as a trained codec gives them back, after as many passes as the severity says.

    The codec is the one of the study's first seed: a fixed test set, the same for every model.
    """

    title = "learned codec"
    unit = "passes"

    severities: list[Annotated[int, Field(ge=0, le=100)]] = Field(
        [1], min_length=1, max_length=100, description="how often an image goes through the codec"
    )
    codec: Name = Field(description="name of the codec entry")
    objective: Name = Field(description="name of the objective it is trained with")

    def needs(self) -> dict[str, list[str]]:
        return {"codecs": [f"{self.codec}/{self.objective}"]}

    @torch.no_grad()
    def shift(self, test: Split, severity: float, seed: int, others: Others) -> Split:
        net = others.codecs[f"{self.codec}/{self.objective}"]
        for _ in range(int(severity)):
            test = mapped(lambda images, draws: net(images).images, test, seed)
        return test
