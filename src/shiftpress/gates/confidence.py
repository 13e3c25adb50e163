"""The gate that asks the cards."""

import torch
from torch import Tensor

from shiftpress.core.tensors import State
from shiftpress.gates.base import Gate, Seen, hardest


class Confidence(Gate):
    """The augmentation whose cards are together the surest of an image. All cards run, so it saves no work."""

    title = "most confident"
    reads = "logits"

    def weights(self, seen: Seen, kept: State) -> Tensor:
        sure = []
        for name in seen.names:
            own = torch.tensor([group == name for group in seen.groups])
            sure.append(seen.logits[own].double().softmax(2).mean(0).max(1).values)
        return seen.over_members(hardest(torch.stack(sure, 1))).float()
