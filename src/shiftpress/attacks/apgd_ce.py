"""APGD on the cross-entropy (Croce and Hein 2020)."""

import torch
from pyautoattack.autopgd_base import APGDAttack
from pydantic import Field
from torch import nn

from shiftpress.attacks._package import NORMS, PackageAttack


class ApgdCE(PackageAttack):
    """Projected gradient ascent with momentum that halves its own step, from a random start."""

    title = "APGD, cross-entropy"

    steps: int = Field(100, ge=1, le=10_000, description="from each start")
    restarts: int = Field(1, ge=1, le=1000, description="random starts")

    def runner(self, net: nn.Module, eps: float, seed: int, device: torch.device) -> APGDAttack:
        return APGDAttack(
            net, n_iter=self.steps, norm=NORMS[self.norm], n_restarts=self.restarts, eps=eps, seed=seed, device=device
        )
