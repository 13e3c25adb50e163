"""The gate that guesses."""

import torch
from torch import Tensor

from shiftpress.core.tensors import State
from shiftpress.gates.base import Gate, Seen, hardest


class Random(Gate):
    """An augmentation drawn for every image: what a gate that chooses one has to beat."""

    title = "random"
    repeats = False

    def weights(self, seen: Seen, kept: State) -> Tensor:
        scores = torch.rand(len(seen.features), len(seen.names), generator=seen.random)
        return seen.over_members(hardest(scores.to(seen.features.device)))
