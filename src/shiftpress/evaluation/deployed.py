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
    total, part, held = None, images, torch.arange(len(images))
    for number, card in enumerate(cards):
        rows = (weights[:, number] > 0).nonzero().flatten()
        if len(rows) == 0:
            continue
        if not torch.equal(rows, held):  # the cards of a group mostly see the same images
            part, held = images.index_select(0, rows), rows
        own = _run(card, part).double()
        own = own if chosen.average == "logits" else own.softmax(1)
        total = own.new_zeros(len(images), own.shape[1]) if total is None else total
        total.index_add_(0, rows, own * weights[:, number].index_select(0, rows)[:, None])
    return total.softmax(1) if chosen.average == "logits" else total


def _run(card: torch.nn.Module, images: Tensor) -> Tensor:
    parts = [card(chunk) for chunk in images.split(CHUNK)]
    return parts[0] if len(parts) == 1 else torch.cat(parts)
