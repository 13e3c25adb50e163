"""The Square attack (Andriushchenko et al. 2020)."""

import torch
from pyautoattack.square import SquareAttack
from pydantic import Field
from torch import nn

from shiftpress.attacks._package import NORMS, PackageAttack


class Square(PackageAttack):
    """Random search with squares of one colour: it asks for logits and never for a gradient."""

    title = "Square"
    follows = "nothing"

    queries: int = Field(5000, ge=1, le=1_000_000, description="of each image, at most")

    def runner(self, net: nn.Module, eps: float, seed: int, device: torch.device) -> SquareAttack:
        return SquareAttack(
            net,
            norm=NORMS[self.norm],
            n_queries=self.queries,
            eps=eps,
            seed=seed,
            device=device,
            # as in AutoAttack: the schedule of the sizes is that of 10,000 queries
            resc_schedule=False,
        )
