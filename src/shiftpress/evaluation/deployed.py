"""A deck as one would use it: the gate looks first, and only the cards it chooses are run."""

import torch
from torch import Tensor

from shiftpress.evaluation.cells import CHUNK
from shiftpress.evaluation.decks import Dealt, Table
from shiftpress.gates.base import Seen, blend


@torch.no_grad()
def classify(table: Table, deck: Dealt, gate: str, batch: int, images: Tensor, random: torch.Generator) -> Tensor:
    """Probabilities (N, K) float64 of images (N, C, H, W), the gate seeing ``batch`` of them at once.

    Raises ValueError for a gate that reads labels.
    """
    chosen, nets = table.gates[gate], list(table.nets.values())
    if chosen.reads == "labels":
        raise ValueError(f"the gate {gate!r} reads labels: nobody can deploy it")
    images = images.contiguous(memory_format=torch.channels_last)
    cards = [nets[place] for place in deck.places]
    if chosen.reads == "logits":
        logits = torch.stack([_run(card, images) for card in cards])
        weights = chosen.weights(Seen(deck.groups, chosen.look(images), batch, random, logits), table.kept[gate])
        return blend(weights, logits, chosen.average)
    weights = chosen.weights(Seen(deck.groups, chosen.look(images), batch, random), table.kept[gate])
    found: list[Tensor] = []
    part, held = images, torch.arange(len(images))
    for number, card in enumerate(cards):
        rows = (weights[:, number] > 0).nonzero().flatten()
        if not torch.equal(rows, held):  # the cards of a group mostly see the same images
            part, held = images[rows], rows
        own = _run(card, part) if len(rows) else None
        found.append(_placed(own, rows, len(images)))
    classes = next(rows.shape[1] for rows in found if rows.shape[1])
    logits = torch.stack([rows if rows.shape[1] else rows.new_zeros(len(images), classes) for rows in found])
    return blend(weights, logits, chosen.average)


def _run(card: torch.nn.Module, images: Tensor) -> Tensor:
    return torch.cat([card(chunk) for chunk in images.split(CHUNK)])


def _placed(logits: Tensor | None, rows: Tensor, count: int) -> Tensor:
    """Logits of some of the images among zeros for the others, whose weight is zero too; nothing if there are none."""
    if logits is None:
        return torch.zeros(count, 0)
    if len(rows) == count:
        return logits
    return logits.new_zeros(count, logits.shape[1]).index_copy_(0, rows, logits)
