"""Cards as a Python module with its weights beside it, for whoever has torch and safetensors but not this package.

Nothing of a card file is copied into the source but numbers: cards may come from anywhere.
"""

import json
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save

import shiftpress
from shiftpress.core.files import write_file
from shiftpress.core.problems import InputError
from shiftpress.core.tensors import State
from shiftpress.gates.base import Gate
from shiftpress.packing.card import Card, blank
from shiftpress.packing.functional import HELPER, source
from shiftpress.packing.gating import Gating, gate_source
from shiftpress.packing.template import ALONE, ASKED, BATCHES, CHOSEN, SETTING, TEMPLATE

MOST_CARDS = 64


@dataclass(frozen=True)
class Module:
    """The source of a module, and the safetensors file that it loads."""

    source: str
    weights: bytes


def write_module(out: Path, written: Module) -> str:
    """Write both files; returns a line that says so. Raises InputError if this is no name for a module."""
    if out.suffix != ".py" or not out.stem.isidentifier():
        raise InputError(f"{out} is no name for a Python module; write something like deck.py.")
    weights = out.with_suffix(".safetensors")
    write_file(weights, written.weights)
    write_file(out, written.source.encode())
    return f"{out} with {weights.name}: {len(written.weights)} bytes of weights"


def module(cards: Sequence[Card], gating: Gating | None = None) -> Module:
    """A module whose class ``Deck`` gives the logits of one card, or the log-probabilities of several under a gate.

    Images are (N, C, H, W) in [0, 1]; normalisation is inside. Raises InputError if the parts do not belong together.
    """
    shape, classes = _common(cards)
    if len(cards) > 1 and (gating is None or len(gating.groups) != len(cards)):
        raise InputError("A deck of several cards needs a gate, and the augmentation of each card.")
    networks, order, tensors = _networks(cards)
    gate = gating and _gated(gating)
    if gate:
        tensors |= gate.tensors
    text = TEMPLATE.format(
        what="A card" if len(cards) == 1 else f"A deck of {len(cards)} cards",
        version=shiftpress.__version__,
        images=f"(N, {', '.join(map(str, shape))}) in [0, 1]",
        result=f"{'log-probabilities' if gate else 'logits'} (N, {classes})",
        digests="\n".join(f"    card{number}: {card.facts.digest}" for number, card in enumerate(cards)),
        imports="" if gate is None else gate.imports,
        batches="" if gate is None else BATCHES,
        option="" if gate is None else ", batch: int | None = None",
        setting="" if gate is None else SETTING,
        helper=HELPER,
        networks="\n\n".join(networks),
        order=", ".join(order) + ("," if len(order) == 1 else ""),
        gate="" if gate is None else gate.text,
        forward=textwrap.indent(ALONE if gate is None else gate.forward, "    "),
        classes=classes,
    )
    return Module(text, save({name: tensors[name].contiguous() for name in sorted(tensors)}))


@dataclass(frozen=True)
class _Gated:
    """The part of a module that weighs its cards."""

    imports: str
    text: str
    forward: str
    tensors: State


def _gated(gating: Gating) -> _Gated:
    """Groups go by numbers, whatever they were called."""
    names = list(dict.fromkeys(gating.groups))
    learns = type(gating.gate).learn is not Gate.learn
    if learns and not gating.kept.keys() >= set(names):
        known = ", ".join(sorted(gating.kept)) or "nothing"
        raise InputError(f"The gate has learned of {known}, not of the deck's augmentations.")
    numbers = {name: f"group{number}" for number, name in enumerate(names)}
    groups = tuple(numbers[name] for name in gating.groups)
    imports, definitions = gate_source(gating.gate)
    text = f"{definitions}\n\n\nGROUPS = {json.dumps(groups)[1:-1]}"
    text += '\n"""Cards of one group were trained with the same augmentation."""\n'
    text += f"AVERAGE = {json.dumps(gating.gate.average)}\n\n\n"
    forward = ASKED if gating.gate.reads == "logits" else CHOSEN
    return _Gated(
        "".join(f"{line}\n" for line in imports),
        text,
        forward,
        {f"gate.{numbers[n]}": gating.kept[n] for n in names if learns},
    )


def _common(cards: Sequence[Card]) -> tuple[tuple[int, ...], int]:
    kinds = {(tuple(card.facts.shape), card.facts.classes) for card in cards}
    if len(kinds) != 1 or len(cards) > MOST_CARDS:
        raise InputError(f"A deck is 1 to {MOST_CARDS} cards for images of one shape and the same number of classes.")
    return kinds.pop()


def _networks(cards: Sequence[Card]) -> tuple[list[str], list[str], dict[str, torch.Tensor]]:
    """Source of every different network, the function of each card, and all tensors under the card's number."""
    texts: dict[str, str] = {}
    order, tensors = [], {}
    for number, card in enumerate(cards):
        body = source(blank(card.facts), "NAME", f"Images in [0, 1] to logits (N, {card.facts.classes}).")
        function = texts.setdefault(body.text, f"network{len(texts)}")
        order.append(function)
        tensors |= {f"card{number}.{name}": card.state[name] for name in body.tensors}
    return [text.replace("NAME", function, 1) for text, function in texts.items()], order, tensors
