"""Decks under attack: the cards and the gate before them as one network."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from shiftpress.core.problems import InputError
from shiftpress.evaluation.adversarial import OWN, Target
from shiftpress.evaluation.decks import Dealt, Table
from shiftpress.evaluation.deployed import blend_of
from shiftpress.gates.base import Seen, blend

Way = Literal["hard", "soft"]


class GatedDeck(nn.Module):
    """Images (N, C, H, W) to the logarithms (N, K) of a deck's probabilities; the gate sees each image alone.

    ``hard`` is the deck as deployed: no gradient leads through the gate, whose decision is taken as given. ``soft`` has
    the gate's own smooth version in its place. With ``decision``, the name of a group, the gate is not asked.
    """

    def __init__(self, table: Table, deck: Dealt, gate: str, way: Way = "hard", decision: str | None = None):
        super().__init__()
        nets = list(table.nets.values())
        self.cards = nn.ModuleList([nets[place] for place in deck.places])
        self._groups, self._gate, self._kept = deck.groups, table.gates[gate], table.kept[gate]
        self._way, self._decision = way, decision
        if self._gate.reads == "labels":
            raise InputError(f"The gate {gate!r} reads labels: nobody can deploy it, so nobody can attack it.")
        if not self._gate.repeats:
            raise InputError(f"The gate {gate!r} guesses anew each time: an attack on it would prove nothing.")
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        if self._gate.reads == "logits" and self._decision is None:
            logits = torch.stack([card(images) for card in self.cards])
            chances = blend(self._weights(images, logits), logits, self._gate.average)
        else:  # a card that counts for nothing need not run
            chances = blend_of(list(self.cards), images, self._weights(images), self._gate.average)
        # float64 keeps the small probabilities apart, whose gradients an attack needs
        return chances.clamp_min(1e-300).log().float()

    def _weights(self, images: Tensor, logits: Tensor | None = None) -> Tensor:
        if self._decision is not None:
            own = torch.tensor([group == self._decision for group in self._groups], device=images.device).float()
            return (own / own.sum()).expand(len(images), -1)
        if self._way == "soft":
            looked_at = images.clone()
            if looked_at.requires_grad:  # the modulus of a frequency that an image lacks has no slope
                looked_at.register_hook(torch.nan_to_num)
            return self._gate.softly(self._seen(looked_at, logits), self._kept)
        with torch.no_grad():
            return self._gate.weights(self._seen(images, logits), self._kept)

    def _seen(self, images: Tensor, logits: Tensor | None) -> Seen:
        shown = logits if self._gate.reads == "logits" else None
        return Seen(self._groups, self._gate.look(images), 1, torch.Generator(), shown)


def decisions(table: Table, deck: Dealt, gate: str) -> Mapping[str, nn.Module]:
    """The deck under each decision that its gate could take, by the group it would choose.

    An image that withstands attacks on all of them withstands the deck behind any gate that chooses one group, however
    large its batches and whatever else is in them.
    """
    chosen = table.gates[gate]
    if not chosen.sizes and chosen.reads == "images":  # it never decides
        return {}
    return {name: GatedDeck(table, deck, gate, decision=name) for name in dict.fromkeys(deck.groups)}


def deck_target(table: Table, deck: Dealt, gate: str) -> Target:
    """A deck behind a gate; its stand-ins are the deck behind the soft gate, and under each of the gate's decisions.

    The routes are its own gradients, those of the soft gate, and those of the decisions together.
    """
    under = {f"decision_{name}": net for name, net in decisions(table, deck, gate).items()}
    if not under:
        return Target(GatedDeck(table, deck, gate))
    soft = {"soft_gate": GatedDeck(table, deck, gate, "soft")}
    routes = {OWN: [OWN], "soft_gate": [*soft], "decisions": [*under]}
    return Target(GatedDeck(table, deck, gate), soft | under, routes)


def known(table: Table, model: str) -> bool:
    """Whether there is something that a name stands for: of cards whose training diverged there is nothing."""
    return model in table.nets or any(deck.name == model.partition("/")[0] for deck in table.decks)


def target_of(table: Table, model: str) -> Target:
    """What a name stands for: a deck behind a gate, or one of the cards of the table."""
    if model in table.nets:
        return Target(table.nets[model])
    name, gate = model.split("/")
    return deck_target(table, next(deck for deck in table.decks if deck.name == name), gate)
