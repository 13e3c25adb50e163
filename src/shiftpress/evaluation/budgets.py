"""The best deck within so many bytes: a greedy search over cards, on validation images.

Cards are added one at a time, each time the one whose probabilities, averaged with those of the cards before it, give
the highest accuracy (Caruana et al. 2004, without putting a card back). What is searched on are validation images,
plain and augmented; test images and corruptions are not looked at.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from shiftpress.core.attackable import pooled_quickly
from shiftpress.core.decks import Budgets, Member
from shiftpress.core.device import here
from shiftpress.core.splits import Split
from shiftpress.evaluation.cells import CHUNK
from shiftpress.evaluation.decks import Dealt, Table
from shiftpress.gates.base import Gate
from shiftpress.packing.card import unpack

LEAST_CHANCE = 1e-12


def found_within(
    budgets: Budgets,
    files: Mapping[str, bytes],
    keys: Sequence[str],
    val: Split,
    varied: Mapping[str, Tensor],
    gate: Gate,
) -> tuple[Table, dict[str, list[Member]]]:
    """The best deck of each budget behind an even gate, and its members; budgets that no card fits into are left out.

    ``varied`` are the validation images under the augmentations, in their order.
    """
    # an augmentation that leaves images alone is no second view
    views = [val.pixels, *(view for view in varied.values() if not torch.equal(view, val.pixels))]
    labels = val.labels.repeat(len(views))
    keys = [key for key in keys if len(files[key]) <= max(budgets.bytes)]  # no other has a use
    chances = [chances_of(_net(files[key]), views) for key in keys]
    weights = [len(files[key]) for key in keys]
    found = {b: search(torch.stack(chances), labels, weights, b, budgets.most) for b in budgets.bytes} if keys else {}
    used = sorted({place for places in found.values() for place in places})
    members = {f"budget_{b}": [Member.of(keys[place]) for place in places] for b, places in found.items() if places}
    decks = [
        Dealt(name, [used.index(keys.index(m.key)) for m in own], tuple(m.augmentation for m in own), ["uniform"])
        for name, own in members.items()
    ]
    return Table({keys[k]: _net(files[keys[k]]) for k in used}, decks, {"uniform": gate}, {"uniform": {}}), members


@torch.no_grad()
def chances_of(net: nn.Module, views: Sequence[Tensor]) -> Tensor:
    """Probabilities (N, K) of one card on all views (N, C, H, W) of the validation images, one after another.

    One card is there at a time: there may be hundreds.
    """
    chunks = [chunk for images in views for chunk in images.split(CHUNK)]
    return torch.cat([net(chunk).double().softmax(1) for chunk in chunks])


def _net(file: bytes) -> nn.Module:
    return pooled_quickly(unpack(file).net()).to(here(), memory_format=torch.channels_last)


def search(chances: Tensor, labels: Tensor, weights: Sequence[int], budget: int, most: int) -> list[int]:
    """Places of the cards of the best deck found, in the order they were added; none if no card fits.

    ``weights`` are the bytes of the cards. Equal accuracy is settled by the logarithmic loss, then by bytes, then by
    place. The search ends when no further card makes the deck better.
    """
    chosen: list[int] = []
    total, left = torch.zeros_like(chances[0]), budget
    best = (-1.0, -torch.inf)
    while len(chosen) < most:
        fitting = [k for k, weight in enumerate(weights) if weight <= left and k not in chosen]
        if not fitting:
            break
        scores = {k: _score((total + chances[k]) / (len(chosen) + 1), labels) for k in fitting}
        first = max(fitting, key=lambda k: (*scores[k], -weights[k], -k))
        if scores[first] <= best:
            break
        best = scores[first]
        chosen.append(first)
        total, left = total + chances[first], left - weights[first]
    return chosen


def _score(chances: Tensor, labels: Tensor) -> tuple[float, float]:
    right = float((chances.argmax(1) == labels).double().mean())
    own = chances.gather(1, labels[:, None])[:, 0].clamp_min(LEAST_CHANCE)
    return right, float(own.log().mean())
