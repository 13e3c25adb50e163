"""APGD on the targeted difference of logits ratio (Croce and Hein 2020)."""

import torch
from pyautoattack.autopgd_base import APGDAttack_targeted
from pydantic import Field
from torch import Tensor, nn

from shiftpress.attacks._package import NORMS, QUIET, PackageAttack, targets_of
from shiftpress.attacks.base import Chance


class ApgdT(PackageAttack):
    """Aims at one wrong class after the other, the likeliest first, whatever the scale of the logits."""

    title = "APGD, targeted"
    follows = "margin"

    steps: int = Field(100, ge=1, le=10_000, description="for each class aimed at")
    targets: int = Field(9, ge=1, le=1000, description="classes aimed at; no more than there are")

    def moved(self, net: nn.Module, images: Tensor, labels: Tensor, strength: float, chance: Chance) -> Tensor:
        fewer = self.model_copy(update={"targets": targets_of(net, images, self.targets)})
        return super(ApgdT, fewer).moved(net, images, labels, strength, chance)

    def runner(self, net: nn.Module, eps: float, seed: int, device: torch.device) -> APGDAttack_targeted:
        return APGDAttack_targeted(
            net,
            n_iter=self.steps,
            norm=NORMS[self.norm],
            eps=eps,
            seed=seed,
            n_target_classes=self.targets,
            device=device,
            logger=QUIET,
        )
