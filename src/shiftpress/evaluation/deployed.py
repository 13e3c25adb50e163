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
    return blend_of(cards, images, weights, chosen.average)


def blend_of(cards: list[torch.nn.Module], images: Tensor, weights: Tensor, average: str) -> Tensor:
    """Probabilities (N, K) float64 of cards with these weights (N, members); each runs on what it counts for alone."""
    total, part, held = None, images, torch.arange(len(images), device=images.device)
    for number, card in enumerate(cards):
        rows = (weights[:, number] > 0).nonzero().flatten()
        if len(rows) == 0:
            continue
        if not torch.equal(rows, held):  # the cards of a group mostly see the same images
            part, held = images.index_select(0, rows), rows
        own = _run(card, part).double()
        own = own if average == "logits" else own.softmax(1)
        total = own.new_zeros(len(images), own.shape[1]) if total is None else total
        total.index_add_(0, rows, own * weights[:, number].index_select(0, rows)[:, None])
    return total.softmax(1) if average == "logits" else total


def _run(card: torch.nn.Module, images: Tensor) -> Tensor:
    # the number of parts that comes nearest: a small remainder would cost almost what a whole part does
    parts = [card(part) for part in images.chunk(max(1, round(len(images) / CHUNK)))]
    return parts[0] if len(parts) == 1 else torch.cat(parts)
