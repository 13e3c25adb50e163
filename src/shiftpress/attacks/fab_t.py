"""FAB, targeted (Croce and Hein 2020)."""

import torch
from pydantic import Field
from torch import Tensor, nn

from shiftpress.attacks._boundary import Boundary
from shiftpress.attacks._package import NORMS, PackageAttack, targets_of
from shiftpress.attacks.base import Chance


class FabT(PackageAttack):
    """Walks along the boundary to a wrong class, for the smallest change; one beyond eps does not count."""

    title = "FAB, targeted"
    follows = "margin"

    steps: int = Field(100, ge=1, le=10_000, description="for each class aimed at")
    targets: int = Field(9, ge=1, le=1000, description="classes aimed at; no more than there are")

    def moved(self, net: nn.Module, images: Tensor, labels: Tensor, strength: float, chance: Chance) -> Tensor:
        fewer = self.model_copy(update={"targets": targets_of(net, images, self.targets, least=2)})
        return super(FabT, fewer).moved(net, images, labels, strength, chance)

    def runner(self, net: nn.Module, eps: float, seed: int, device: torch.device) -> Boundary:
        return Boundary(
            net,
            norm=NORMS[self.norm],
            n_iter=self.steps,
            eps=eps,
            seed=seed,
            targeted=True,
            n_target_classes=self.targets,
            device=device,
        )
