"""Cards whose weights are made of two or three factors, as files: what was trained comes out, to the last bit.

The file is that of a plain card, but for what it says of its weights: one mask, one count and one codebook or none for
each factor instead of each layer; and the rank of each layer's product.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from shiftpress.core.factors import PARTS, composed
from shiftpress.core.problems import InputError
from shiftpress.core.splits import Shape
from shiftpress.core.tensors import State
from shiftpress.packing import codes, container, masks, payload
from shiftpress.packing.card import blank, classifier_of, untrained
from shiftpress.packing.container import FactoredFacts
from shiftpress.packing.layout import Layout, layout
from shiftpress.packing.values import Arrays

MOST_ALIKE = 1 << 13
"""Entries of all matrices that keep everything at one value: nothing is sent of them, and no training leaves many."""


@dataclass(frozen=True)
class FactoredCard:
    """The facts about a classifier, and its state with factors (m, n) in the place of weights, all float32."""

    facts: FactoredFacts
    state: State

    def plain(self) -> State:
        """The state of the classifier itself: weights as their factors make them."""
        shapes = layout(blank(self.facts)).weights
        found = composed(self.state, self.facts.free)
        return {name: tensor.view(shapes.get(name, tensor.shape)) for name, tensor in found.items()}

    def net(self) -> nn.Module:
        """The classifier, ready for images (N, C, H, W) in [0, 1]. Leaves the global generator as it was."""
        with torch.random.fork_rng(devices=[]):
            net = untrained(self.facts)
        net.load_state_dict(self.plain())
        return net.eval()


def pack(
    state: State,
    kind: str,
    fields: dict[str, Any],
    shape: tuple[int, int, int],
    classes: int,
    *,
    free: bool,
    origin: str = "",
) -> bytes:
    """The card file of a classifier whose weights stand as ``<name>/left``, ``/right`` and perhaps ``/rest``.

    Raises InputError if the parts do not belong together.
    """
    form: Literal["residual", "product"] = "residual" if any(n.endswith("/rest") for n in state) else "product"
    fields = classifier_of(kind, fields).model_dump(mode="json")
    facts = FactoredFacts(
        kind=kind, fields=fields, shape=list(shape), classes=classes, form=form, free=free, origin=origin
    )
    places = layout(blank(facts))
    ranks = [_rank(state, name, shape) for name, shape in places.weights.items()]
    _check_facts(facts, places, ranks)
    wanted = _matrices(places, facts.form, ranks)
    payload.check_shapes(state, {**wanted, **places.floats}, places.integers)
    flat = [state[name].detach().cpu().contiguous().numpy().ravel() for name in wanted]
    kept = [matrix != 0 for matrix in flat]
    arrays = {
        "ranks": np.array(ranks, "<i8"),
        "kept": np.array([np.count_nonzero(mask) for mask in kept], "<i8"),
        "mask": np.frombuffer(masks.encode(kept), np.uint8),
        **payload.pack_rest(state, places),
        **codes.encode([matrix[mask] for matrix, mask in zip(flat, kept, strict=True)]),
    }
    _check_sent([len(mask) for mask in kept], arrays["kept"].tolist(), arrays["levels"].tolist())
    return container.write(facts, arrays)


def unpack(data: bytes) -> FactoredCard:
    """What a card file of factors holds. Raises InputError, with one line, whatever the bytes are."""
    facts, arrays = container.read(data, FactoredFacts)
    places = layout(blank(facts))
    ranks = _integers(arrays, "ranks", len(places.weights))
    _check_facts(facts, places, ranks)
    wanted = _matrices(places, facts.form, ranks)
    counts, levels = (_integers(arrays, name, len(wanted)) for name in ("kept", "levels"))
    fixed = {"ranks": ("I64", len(ranks)), "kept": ("I64", len(wanted)), "mask": ("U8", None)}
    container.check_form(arrays, fixed | payload.form_rest(places) | codes.form(levels, counts))
    sizes = [math.prod(shape) for shape in wanted.values()]
    _check_sent(sizes, counts, levels)
    kept = masks.decode(arrays["mask"].tobytes(), sizes, counts)
    state: State = {}
    for (name, shape), mask, numbers in zip(wanted.items(), kept, codes.decode(arrays, counts), strict=True):
        matrix = np.zeros(mask.size, np.float32)
        matrix[mask] = numbers
        state[name] = torch.from_numpy(matrix).view(shape)
    return FactoredCard(facts, state | payload.unpack_rest(arrays, places))


def _matrices(places: Layout, form: str, ranks: list[int]) -> dict[str, Shape]:
    """Names and shapes of the factors, layer after layer."""
    found: dict[str, Shape] = {}
    for (name, shape), rank in zip(places.weights.items(), ranks, strict=True):
        m, n = shape[0], math.prod(shape[1:])
        shapes = dict(zip(PARTS, [(m, rank), (rank, n), (m, n)], strict=True))
        parts = PARTS if form == "residual" else PARTS[:2]
        found |= {f"{name}/{part}": shapes[part] for part in parts}
    return found


def _check_facts(facts: FactoredFacts, places: Layout, ranks: list[int]) -> None:
    """Raises InputError unless products have ranks, and what has a remainder is square on one side."""
    most = [min(shape[0], math.prod(shape[1:])) for shape in places.weights.values()]
    if any(not 1 <= rank <= full for rank, full in zip(ranks, most, strict=True)):
        raise InputError("The card's ranks are not those of its layers.")
    if facts.form == "residual" and ranks != most or facts.form == "product" and facts.free:
        raise InputError("The card's facts are wrong: its form has other ranks, or no identity.")


def _check_sent(sizes: list[int], counts: list[int], levels: list[int]) -> None:
    """Raises InputError if a file of no size would hold a huge network: neither a mask nor codes would be in it."""
    matrices = zip(sizes, counts, levels, strict=True)
    if sum(size for size, kept, values in matrices if kept == size and values == 1) > MOST_ALIKE:
        raise InputError(f"The card's matrices keep everything at one value, in more than {MOST_ALIKE:,} entries.")


def _rank(state: State, name: str, shape: Shape) -> int:
    left = state.get(f"{name}/left")
    if left is None or left.ndim != 2:
        raise InputError(f"The state has other tensors than the network, such as {name!r}.")
    return left.shape[1]


def _integers(arrays: Arrays, name: str, length: int) -> list[int]:
    """An array of counts. Raises InputError unless it is one of this length."""
    array = arrays.get(name)
    if array is None or array.dtype != np.int64 or array.ndim != 1 or len(array) != length:
        raise InputError(f"The card file's array {name!r} has another type or length than its facts say.")
    return array.tolist()
