"""Cards as files: a trained classifier goes in, and comes out with the same logits."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from shiftpress.core.component import Component
from shiftpress.core.described import built
from shiftpress.core.problems import InputError
from shiftpress.core.tensors import State
from shiftpress.packing import container, payload
from shiftpress.packing import layout as layouts
from shiftpress.packing.container import Facts, Network
from shiftpress.packing.values import narrowest

MOST_PIXELS, MOST_VALUES = 1 << 24, 1 << 27
"""Values of an image, and numbers in a network."""


@dataclass(frozen=True)
class Card:
    """What a card file holds: the facts about a classifier and its state, every weight as float32."""

    facts: Facts
    state: State

    def net(self) -> nn.Module:
        """The classifier, ready for images (N, C, H, W) in [0, 1]. Leaves the global generator as it was."""
        with torch.random.fork_rng(devices=[]):
            net = untrained(self.facts)
        net.load_state_dict(self.state)
        return net.eval()


def pack(
    state: State,
    kind: str,
    fields: dict[str, Any],
    shape: tuple[int, int, int],
    classes: int,
    *,
    bits: int | None = None,
    fold: bool = False,
    origin: str = "",
) -> bytes:
    """The card file of a trained classifier, its removed weights zero.

    ``bits`` of a kept weight are 32, 16 or 1; by default the fewest that lose nothing. ``fold`` moves the statistics of
    affine normalisations into their scale and shift. Raises InputError if the parts do not belong together.
    """
    fields = classifier_of(kind, fields).model_dump(mode="json")
    facts = Facts(kind=kind, fields=fields, shape=list(shape), classes=classes, bits=32, folded=fold, origin=origin)
    net = blank(facts)
    places = layouts.layout(net, folded=fold)
    state = layouts.folded(state, net) if fold else state
    payload.check(state, places)
    bits = bits or narrowest(payload.layers_of(state, places))
    return container.write(facts.model_copy(update={"bits": bits}), payload.pack(state, places, bits))


def unpack(data: bytes) -> Card:
    """What a card file holds. Raises InputError, with one line, whatever the bytes are."""
    facts, arrays = container.read(data)
    places = layouts.layout(blank(facts), folded=facts.folded)
    kept = arrays.get("kept")
    counts = [] if kept is None or kept.dtype != np.int64 or kept.ndim != 1 else kept.tolist()
    container.check_form(arrays, payload.form(places, facts.bits, counts))
    return Card(facts, payload.unpack(arrays, places, facts.bits))


def classifier_of(kind: str, fields: dict[str, Any]) -> Component:
    """The classifier of these facts. Raises InputError if there is none."""
    return built("classifiers", kind, fields, container.WHAT)


def untrained(facts: Network) -> nn.Module:
    """An untrained network of this kind, on torch's default device."""
    return classifier_of(facts.kind, facts.fields).build(tuple(facts.shape), facts.classes)


def blank(facts: Network) -> nn.Module:
    """The network without its memory: names, shapes and types. Raises InputError if it is beyond the limits."""
    classifier, shape = classifier_of(facts.kind, facts.fields), tuple(facts.shape)
    reason = f"images of {shape} are too large" if math.prod(shape) > MOST_PIXELS else classifier.misfit(shape)
    if reason:
        raise InputError(f"The card file's facts are wrong: shape: {reason}")
    with torch.device("meta"):
        net = classifier.build(shape, facts.classes)
    if layouts.layout(net).values > MOST_VALUES:
        raise InputError(f"The card file's facts are wrong: its network is larger than {MOST_VALUES} numbers.")
    return net
