"""Cards as a Python module with its weights beside it, for whoever has torch and safetensors but not this package.

Nothing of a card file is copied into the source but numbers: cards may come from anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from safetensors.torch import save

import shiftpress
from shiftpress.core.problems import InputError
from shiftpress.packing.card import Card, blank
from shiftpress.packing.functional import HELPER, source

Average = Literal["probability", "logit"]
AVERAGES = get_args(Average)
MOST_CARDS = 64


@dataclass(frozen=True)
class Module:
    """The source of a module, and the safetensors file that it loads."""

    source: str
    weights: bytes


def module(cards: Sequence[Card], average: Average = "probability") -> Module:
    """A module whose class ``Deck`` gives the logits of one card, or what several say together.

    Several are averaged by probability, which makes the results log-probabilities, or by logit. Images are (N, C, H, W)
    in [0, 1]; normalisation is inside. Raises InputError if the cards do not belong together.
    """
    shape, classes = _common(cards)
    networks, order, tensors = _networks(cards)
    result = "logits" if len(cards) == 1 or average == "logit" else "log-probabilities"
    text = TEMPLATE.format(
        what="A card" if len(cards) == 1 else f"A deck of {len(cards)} cards",
        version=shiftpress.__version__,
        images=f"(N, {', '.join(map(str, shape))}) in [0, 1]",
        result=f"{result} (N, {classes})",
        digests="\n".join(f"    card{number}: {card.facts.digest}" for number, card in enumerate(cards)),
        helper=HELPER,
        networks="\n\n".join(networks),
        order=", ".join(order) + ("," if len(order) == 1 else ""),
        together=COMBINED["one" if len(cards) == 1 else average],
    )
    return Module(text, save({name: tensors[name].contiguous() for name in sorted(tensors)}))


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


COMBINED = {
    "one": "return logits[0]",
    "probability": "return torch.logsumexp(logits.log_softmax(2), 0) - math.log(len(logits))",
    "logit": "return logits.mean(0)",
}
"""From ``logits`` (cards, N, classes) to what the deck says."""

TEMPLATE = '''\
"""{what} for images {images}, written by shiftpress {version}.

Needs torch and safetensors. The weights lie beside this file, in the safetensors file of the same name:

    model = Deck()  # images {images} to {result}

The sha256 that each card's own file gives:

{digests}
"""

import math
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

WEIGHTS = Path(__file__).with_suffix(".safetensors")


{helper}

{networks}

NETWORKS = ({order})
"""What computes the logits of each card."""


class Deck(nn.Module):
    """Images {images} to {result}, always as in evaluation."""

    def __init__(self, weights: str | Path = WEIGHTS):
        super().__init__()
        for name, tensor in load_file(weights).items():
            self.register_buffer(name.replace(".", "/"), tensor)  # torch keeps dots for layers
        # the memory order in which convolutions run fastest on a processor
        self.to(memory_format=torch.channels_last)
        self.eval()

    def weights(self, card: int) -> dict[str, Tensor]:
        """The tensors of one card by name."""
        start = f"card{{card}}/"
        found = {{name: tensor for name, tensor in self.named_buffers() if name.startswith(start)}}
        return {{name.removeprefix(start).replace("/", "."): tensor for name, tensor in found.items()}}

    def logits(self, images: Tensor) -> Tensor:
        """The logits of every card, (cards, N, classes)."""
        images = images.contiguous(memory_format=torch.channels_last)
        return torch.stack([network(images, self.weights(card)) for card, network in enumerate(NETWORKS)])

    def forward(self, images: Tensor) -> Tensor:
        logits = self.logits(images)
        {together}
'''
