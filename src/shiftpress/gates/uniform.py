"""The deck that does not look."""

import torch
from torch import Tensor

from shiftpress.core.tensors import State
from shiftpress.gates.base import Gate, Seen


class Uniform(Gate):
    """Every card counts alike: the domain-agnostic deck, as released by Diffenderfer et al. 2021."""

    title = "agnostic"

    def weights(self, seen: Seen, kept: State) -> Tensor:
        count = len(seen.groups)
        return torch.full((len(seen.features), count), 1 / count, device=seen.features.device)
