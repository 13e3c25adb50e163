"""AutoAttack (Croce and Hein 2020)."""

from pydantic import Field
from torch import Tensor, nn

from shiftpress.attacks._screen import Screen
from shiftpress.attacks.apgd_ce import ApgdCE
from shiftpress.attacks.apgd_t import ApgdT
from shiftpress.attacks.base import Attack, BallAttack, Chance, wrong
from shiftpress.attacks.fab_t import FabT
from shiftpress.attacks.square import Square


class AutoAttack(BallAttack):
    """The standard ensemble: APGD on the cross-entropy, targeted APGD, targeted FAB and Square, each on what is left.

    With the defaults it is the package's version ``standard``. With a screening before them fewer images reach the
    four; those that do are attacked as ever.
    """

    title = "AutoAttack"
    follows = "margin"

    steps: int = Field(100, ge=1, le=10_000, description="of APGD and FAB, from each start and to each class")
    targets: int = Field(9, ge=1, le=1000, description="classes aimed at; no more than there are")
    queries: int = Field(5000, ge=1, le=1_000_000, description="of the Square attack")

    screen: int = Field(0, ge=0, le=1000, description="steps of a screening in bfloat16 before the four; 0: none")

    @property
    def parts(self) -> list[Attack]:
        ball = {"norm": self.norm, "eps": self.eps, "routes": self.routes}
        aimed = {"steps": self.steps, "targets": self.targets}
        first = [Screen(**ball, steps=self.screen, targets=self.targets)] if self.screen else []
        return [
            *first,
            ApgdCE(**ball, steps=self.steps),
            ApgdT(**ball, **aimed),
            FabT(**ball, **aimed),
            Square(**ball, queries=self.queries),
        ]

    def moved(self, net: nn.Module, images: Tensor, labels: Tensor, strength: float, chance: Chance) -> Tensor:
        found, left = images.clone(), ~wrong(net(images), labels)
        for part in self.parts:
            rows = left.nonzero().flatten()
            if len(rows):
                found[rows] = part.moved(net, images[rows], labels[rows], strength, chance[rows])
                left[rows] = ~wrong(net(found[rows]), labels[rows])
        return found
