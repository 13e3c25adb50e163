"""Attacks on a network: image by image, in batches, and going on where they were killed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from shiftpress.attacks.base import Attack, BallAttack, Chance, distance, wrong
from shiftpress.core.checkpoints import Checkpoints, Tree
from shiftpress.core.splits import Split
from shiftpress.core.tensors import State

ROUNDING = 1e-4
"""What an attack may leave its ball by, relative to the radius; float32 sums of squares are no better."""
OWN = "own"
"""The network under attack, among those whose gradients are followed."""


@dataclass(frozen=True)
class Target:
    """A network under attack as it is deployed, and stand-ins whose gradients lead to its errors.

    What the network itself says decides, whatever gradients were followed. ``routes`` are names for some of the
    networks, OWN among them, that are to be compared: each is tried on every image, not on what others left.
    """

    net: nn.Module
    standins: Mapping[str, nn.Module] = field(default_factory=dict)
    routes: Mapping[str, list[str]] = field(default_factory=dict)

    def followed(self, attack: Attack) -> dict[str, nn.Module]:
        """The networks on which an attack is run, in this order."""
        return {OWN: self.net, **(self.standins if attack.routes == "all" and attack.follows != "nothing" else {})}


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

    By route, of targets that have some: ``through``, which images (N,) the gradients of its networks do not break, and
    ``beside``, on which of them neither the target nor any network of the route was brought to err.
    """

    robust: Tensor
    moved: Tensor
    part: Tensor
    through: State = field(default_factory=dict)
    beside: State = field(default_factory=dict)

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
    state, parts = store.read(name) or _begin(attack, target, clean), attack.parts
    while state["part"] < len(parts):
        while state["row"] < len(state["queue"]):
            rows = state["queue"][state["row"] : state["row"] + batch]
            _attack_rows(parts[state["part"]], strength, target, shown, rows, seed, state)
            state["row"] += batch
            if store.due():
                store.write(name, state)
        left = state["through"].any(1) if target.routes else state["robust"]
        state |= {"part": state["part"] + 1, "row": 0, "queue": left.nonzero().flatten()}
    store.write(name, state)
    return Trial(state["robust"], state["moved"], state["lost_in"], *_by_route(attack, target, state))


def _begin(attack: Attack, target: Target, clean: Tensor) -> Tree:
    tried = clean if attack.keeps_best else torch.ones_like(clean)
    moved, lost_in = torch.zeros(len(clean)), clean.long().neg()
    state = {"part": 0, "row": 0, "robust": clean.clone(), "moved": moved, "lost_in": lost_in}
    if target.routes:  # image by network: the target withstands what was found along it, and so does the network
        through = tried[:, None].repeat(1, 1 + len(target.standins))
        state |= {"through": through, "itself": torch.ones_like(through)}
    return state | {"queue": tried.nonzero().flatten()}


def _attack_rows(
    part: Attack, strength: float, target: Target, shown: Shown, rows: Tensor, seed: int, state: Tree
) -> None:
    """Attack some of the images, on every network whose gradients are followed, until they are lost."""
    norm = part.norm if isinstance(part, BallAttack) else "l2"
    some, before = shown[rows], state["robust"][rows] | (not part.keeps_best)
    stands = before.clone()
    for number, net in enumerate(target.followed(part).values()):
        here = (state["through"][rows, number] if target.routes else stands).nonzero().flatten()
        if not len(here):
            continue
        few = some[here]
        found = part.perturb(net, few.images, few.labels, strength, Chance(seed, few.ids))
        far = distance(found, few.images, norm).cpu()
        if isinstance(part, BallAttack) and (far > strength * (1 + ROUNDING) + 1e-6).any():
            raise ArithmeticError(f"{type(part).__name__} left its ball: {float(far.max())} > {strength}")
        with torch.no_grad():
            stood = ~wrong(target.net(found), few.labels).cpu()
            if target.routes:
                state["through"][rows[here], number] = stood
                state["itself"][rows[here], number] &= ~wrong(net(found), few.labels).cpu()
        fresh = stands[here]
        state["moved"][rows[here[fresh]]] = far[fresh]
        stands[here] &= stood
    state["robust"][rows] = stands
    state["lost_in"][rows[before]] = torch.where(stands[before], -1, state["part"] + 1)


def _by_route(attack: Attack, target: Target, state: Tree) -> tuple[State, State]:
    """Through and beside of a trial; routes of which no network was followed are left out."""
    tried = {name for part in attack.parts for name in target.followed(part)}
    names, through, beside = [OWN, *target.standins], {}, {}
    for route, nets in target.routes.items():
        if columns := [names.index(name) for name in nets if name in tried]:
            through[route] = state["through"][:, columns].all(1)
            beside[route] = state["itself"][:, columns].all(1) & state["robust"]
    return through, beside
