"""Attacks on a network: image by image, in batches, and going on where they were killed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from shiftpress.attacks.base import Attack, BallAttack, Chance, distance, wrong
from shiftpress.core.checkpoints import Checkpoints, Tree
from shiftpress.core.splits import Split

ROUNDING = 1e-4
"""What an attack may leave its ball by, relative to the radius; float32 sums of squares are no better."""


@dataclass(frozen=True)
class Target:
    """A network under attack as it is deployed, and stand-ins whose gradients lead to its errors.

    What the network itself says decides, whatever gradients were followed.
    """

    net: nn.Module
    standins: Mapping[str, nn.Module] = field(default_factory=dict)

    def followed(self, attack: Attack) -> list[nn.Module]:
        """The networks on which an attack is run, in this order."""
        return [self.net, *(self.standins.values() if attack.routes == "all" and attack.follows != "nothing" else [])]


@dataclass(frozen=True)
class Shown:
    """Images (N, C, H, W) float32 in [0, 1], labels and ids (N,) int64."""

    images: Tensor
    labels: Tensor
    ids: Tensor

    @classmethod
    def of(cls, test: Split, count: int) -> "Shown":
        """The first images of a test set."""
        part = test[:count]
        return cls(part.pixels, part.labels, part.ids)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: slice | Tensor) -> "Shown":
        """The images at these rows."""
        return Shown(self.images[rows], self.labels[rows], self.ids[rows])


@dataclass(frozen=True)
class Trial:
    """What an attack did to each image: whether it is still classified correctly, and how far it was moved, (N,).

    Distances are in the norm of the ball, or L2. ``part`` (N,) int64 is the number, from 1, of the part of the attack
    after which the image was lost; 0 was wrong before, and -1 stands.
    """

    robust: Tensor
    moved: Tensor
    part: Tensor

    @property
    def accuracy(self) -> float:
        """Share of the images that are classified correctly."""
        return float(self.robust.double().mean())


@torch.no_grad()
def correct(net: nn.Module, shown: Shown, batch: int) -> Tensor:
    """Which images (N,) a network classifies correctly, on the CPU like all that is kept of a trial."""
    parts = zip(shown.images.split(batch), shown.labels.split(batch), strict=True)
    return torch.cat([~wrong(net(images), labels).cpu() for images, labels in parts])


def attacked(
    attack: Attack,
    strength: float,
    target: Target,
    shown: Shown,
    clean: Tensor,
    seed: int,
    batch: int,
    store: Checkpoints,
    name: str,
) -> Trial:
    """One attack at one strength on images of which ``clean`` (N,) are classified correctly.

    Each part of the attack sees what those before it left, in batches anew, as the package's evaluation does. State is
    kept in the store under the name; finished batches are not redone.
    """
    state, parts = store.read(name) or _begin(attack, clean), attack.parts
    while state["part"] < len(parts):
        while state["row"] < len(state["queue"]):
            rows = state["queue"][state["row"] : state["row"] + batch]
            _attack_rows(parts[state["part"]], strength, target, shown, rows, seed, state)
            state["row"] += batch
            if store.due():
                store.write(name, state)
        state |= {"part": state["part"] + 1, "row": 0, "queue": state["robust"].nonzero().flatten()}
    store.write(name, state)
    return Trial(state["robust"], state["moved"], state["lost_in"])


def _begin(attack: Attack, clean: Tensor) -> Tree:
    queue = clean.nonzero().flatten() if attack.keeps_best else torch.arange(len(clean))
    moved, lost_in = torch.zeros(len(clean)), clean.long().neg()
    return {"part": 0, "row": 0, "queue": queue, "robust": clean.clone(), "moved": moved, "lost_in": lost_in}


def _attack_rows(
    part: Attack, strength: float, target: Target, shown: Shown, rows: Tensor, seed: int, state: Tree
) -> None:
    """Attack some of the images, on every network whose gradients are followed, until they are lost."""
    norm = part.norm if isinstance(part, BallAttack) else "l2"
    some, stands = shown[rows], torch.ones(len(rows), dtype=torch.bool)
    for net in target.followed(part):
        here = stands.nonzero().flatten()
        if not len(here):
            break
        few = some[here]
        found = part.perturb(net, few.images, few.labels, strength, Chance(seed, few.ids))
        far = distance(found, few.images, norm).cpu()
        if isinstance(part, BallAttack) and (far > strength * (1 + ROUNDING) + 1e-6).any():
            raise ArithmeticError(f"{type(part).__name__} left its ball: {float(far.max())} > {strength}")
        with torch.no_grad():
            stands[here] = ~wrong(target.net(found), few.labels).cpu()
        state["moved"][rows[here]] = far
    state["robust"][rows] = stands
    state["lost_in"][rows] = torch.where(stands, -1, state["part"] + 1)
