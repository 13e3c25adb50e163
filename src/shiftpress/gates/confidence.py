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
        return seen.over_members(hardest(self._sure(seen))).float()

    def softly(self, seen: Seen, kept: State) -> Tensor:
        """Softmax of how sure each group is, in units of a tenth."""
        return seen.over_members((10 * self._sure(seen)).softmax(1)).float()

    def _sure(self, seen: Seen) -> Tensor:
        """The largest probability that each group gives, (N, groups)."""
        sure = []
        for name in seen.names:
            own = torch.tensor([group == name for group in seen.groups])
            sure.append(seen.logits[own].double().softmax(2).mean(0).max(1).values)
        return torch.stack(sure, 1)
