"""Quantised classifiers as files: weights in as many bits as they have, and the same networks come out, bit by bit.

The file is a card file with other arrays. Steps and shapes follow from the classifier, and widths from the scheme.
"""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from shiftpress.core.folding import folded
from shiftpress.core.points import Ends, Scheme
from shiftpress.core.problems import InputError
from shiftpress.core.quantised import Quantised, QuantisedNet
from shiftpress.core.splits import Shape
from shiftpress.core.tensors import State
from shiftpress.packing import container
from shiftpress.packing.bits import bits_joined, bits_split
from shiftpress.packing.card import blank, classifier_of
from shiftpress.packing.container import QUANTISED, Network
from shiftpress.packing.values import Arrays

LEAST = float(np.finfo(np.float32).tiny)
"""Smallest scale: below, numbers lose digits."""


class QuantisedFacts(Network):
    """Of a card whose weights are whole numbers."""

    format: str = QUANTISED
    weight_bits: int = Field(ge=2, le=8, description="of a weight")
    activation_bits: Annotated[int, Field(ge=2, le=32)] = Field(description="of an activation; 32 is not rounded")
    ends: Ends = Field(description="first and last layer: eight bits at least, or as the others")

    @property
    def scheme(self) -> Scheme:
        """Bits of weights and activations. Raises InputError if there is no such scheme."""
        if self.activation_bits not in (*range(2, 9), 32):
            raise InputError("The card file's facts are wrong: activation_bits: activations have 2 to 8 bits, or 32.")
        return Scheme(weight_bits=self.weight_bits, activation_bits=self.activation_bits, ends=self.ends)


@dataclass(frozen=True)
class QuantisedCard:
    """The facts about a classifier, and the classifier."""

    facts: QuantisedFacts
    quantised: Quantised

    def net(self) -> QuantisedNet:
        """The classifier as it rounds, for images (N, C, H, W) in [0, 1]."""
        return self.quantised.net()


@dataclass(frozen=True)
class _Form:
    """Shape of every tensor; names of layers, points and floats in the order of the arrays, with their bits."""

    whole: Quantised
    shapes: dict[str, Shape]
    layers: dict[str, int]
    points: dict[str, int]
    floats: list[str]


def pack(
    quantised: Quantised,
    kind: str,
    fields: dict[str, Any],
    shape: tuple[int, int, int],
    classes: int,
    *,
    origin: str = "",
) -> bytes:
    """The card file of a quantised classifier. Raises InputError if the parts do not belong together."""
    fields = classifier_of(kind, fields).model_dump(mode="json")
    facts = QuantisedFacts(
        kind=kind,
        fields=fields,
        shape=list(shape),
        classes=classes,
        origin=origin,
        **quantised.scheme.model_dump(),
    )
    form, tensors = _form(facts), {name: tensor.detach().cpu() for name, tensor in quantised.tensors.items()}
    if {name: tuple(tensor.shape) for name, tensor in tensors.items()} != form.shapes:
        raise InputError("The quantised network has other tensors or shapes than its classifier.")
    _check(tensors, form)
    arrays = {
        "codes": np.concatenate([bits_joined(tensors[f"{name}/codes"], bits) for name, bits in form.layers.items()]),
        "scales": _joined([tensors[f"{name}/scales"] for name in form.layers]),
        "floats": _joined([tensors[name] for name in form.floats]),
        "grids": _joined([tensors[f"{name}/scale"] for name in form.points]),
        "zeros": np.array([int(tensors[f"{name}/zero"]) for name in form.points], np.uint8),
    }
    return container.write(facts, arrays)


def unpack(data: bytes) -> QuantisedCard:
    """What a card file of a quantised classifier holds. Raises InputError, with one line, whatever the bytes are."""
    facts, arrays = container.read(data, QuantisedFacts)
    if facts.fields != classifier_of(facts.kind, facts.fields).model_dump(mode="json"):
        raise InputError("The card file is not written as cards are: it leaves out what is as usual.")
    form = _form(facts)
    sizes = {name: int(np.prod(shape)) for name, shape in form.shapes.items()}
    container.check_form(
        arrays,
        {
            "codes": ("U8", sum(-(-sizes[f"{name}/codes"] * bits // 8) for name, bits in form.layers.items())),
            "scales": ("F32", sum(sizes[f"{name}/scales"] for name in form.layers)),
            "floats": ("F32", sum(sizes[name] for name in form.floats)),
            "grids": ("F32", len(form.points)),
            "zeros": ("U8", len(form.points)),
        },
    )
    tensors = _split(arrays["scales"], [f"{name}/scales" for name in form.layers], form.shapes)
    tensors |= _split(arrays["floats"], form.floats, form.shapes)
    tensors |= _split(arrays["grids"], [f"{name}/scale" for name in form.points], form.shapes)
    for name, zero in zip(form.points, arrays["zeros"].tolist(), strict=True):
        tensors[f"{name}/zero"] = torch.tensor(zero)
    _take_codes(arrays, form, sizes, tensors)
    _check(tensors, form)
    return QuantisedCard(facts, Quantised(form.whole.scheme, form.whole.steps, tensors))


def _form(facts: QuantisedFacts) -> _Form:
    """What the facts say of the tensors."""
    found, scheme = folded(blank(facts)), facts.scheme
    shapes: dict[str, Shape] = {name: tuple(tensor.shape) for name, tensor in found.tensors.items()}
    layers, points = scheme.weights(found.steps), scheme.points(found.steps)
    for name in layers:
        shapes[f"{name}/codes"] = shapes.pop(f"{name}/weight")
        shapes[f"{name}/scales"] = shapes[f"{name}/codes"][:1]
    floats = sorted(name for name in shapes if name.endswith(("/weight", "/bias")))
    shapes |= {f"{name}/{part}": () for name in points for part in ("scale", "zero")}
    return _Form(Quantised(scheme, found.steps, {}), shapes, layers, points, floats)


def _check(tensors: State, form: _Form) -> None:
    """Raises InputError unless numbers are finite, scales positive, and whole numbers within their bits."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise InputError(f"The quantised network's {name!r} holds values that are no finite numbers.")
        if name.endswith(("/scales", "/scale")) and not (tensor >= LEAST).all():
            raise InputError(f"The quantised network's {name!r} are not all positive.")
    for name, bits in form.layers.items():
        codes = tensors[f"{name}/codes"]
        if codes.dtype != torch.int8 or (codes.int().abs() > 2 ** (bits - 1) - 1).any():
            raise InputError(f"The quantised network's {name!r} has weights of more than {bits} bits.")
    for name, bits in form.points.items():
        if not 0 <= int(tensors[f"{name}/zero"]) < 2**bits:
            raise InputError(f"The quantised network's {name!r} has a zero off its grid of {bits} bits.")


def _joined(parts: list[Tensor]) -> np.ndarray:
    return np.concatenate([np.empty(0, "<f4"), *(part.numpy().astype("<f4").ravel() for part in parts)])


def _split(whole: np.ndarray, names: list[str], shapes: dict[str, Shape]) -> State:
    found, whole = {}, torch.from_numpy(whole.astype(np.float32))
    for name in names:
        size = int(np.prod(shapes[name]))
        found[name], whole = whole[:size].clone().view(shapes[name]), whole[size:]
    return found


def _take_codes(arrays: Arrays, form: _Form, sizes: dict[str, int], tensors: State) -> None:
    data = arrays["codes"]
    for name, bits in form.layers.items():
        size = sizes[f"{name}/codes"]
        used = -(-size * bits // 8)
        codes = bits_split(data[:used], bits, size)
        tensors[f"{name}/codes"], data = torch.from_numpy(codes).view(form.shapes[f"{name}/codes"]), data[used:]
