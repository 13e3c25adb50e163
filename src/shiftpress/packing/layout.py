"""Where the tensors of a network go in a card: which are weights with a mask, and which are stored as they are.

The layout follows from the network, so that no shape is ever taken from a file.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from shiftpress.core.problems import InputError
from shiftpress.core.splits import Shape
from shiftpress.core.tensors import State


@dataclass(frozen=True)
class Layout:
    """Names and shapes, each group in sorted order.

    ``weights`` are the parameters of two or more dimensions: those of convolutions and linear layers, which alone are
    pruned. ``floats`` and ``integers`` are the other float32 and int64 tensors. ``still`` are the statistics of folded
    normalisations, known without being stored: means are zero, variances one.
    """

    weights: dict[str, Shape]
    floats: dict[str, Shape]
    integers: dict[str, Shape]
    still: dict[str, Shape]

    @property
    def sizes(self) -> list[int]:
        """Number of weights of each layer."""
        return [math.prod(shape) for shape in self.weights.values()]

    @property
    def values(self) -> int:
        """Numbers in all tensors together."""
        groups = (self.weights, self.floats, self.integers, self.still)
        return sum(math.prod(shape) for group in groups for shape in group.values())


def layout(net: nn.Module, folded: bool = False) -> Layout:
    """The layout of a network; its tensors may be on the meta device."""
    state = net.state_dict()
    weights = {name for name, parameter in net.named_parameters() if parameter.ndim >= 2}
    still = {f"{name}.{part}" for name in affine(net) for part in STATISTICS} if folded else set()
    rest = state.keys() - weights - still
    if odd := sorted(name for name, tensor in state.items() if tensor.dtype not in _kinds(name in weights)):
        raise InputError(f"The tensor {odd[0]!r} is {state[odd[0]].dtype}; cards hold float32 weights and counts.")
    return Layout(
        _shapes(state, weights),
        _shapes(state, {name for name in rest if state[name].dtype == torch.float32}),
        _shapes(state, {name for name in rest if state[name].dtype == torch.int64}),
        _shapes(state, still),
    )


def _kinds(weight: bool) -> set[torch.dtype]:
    return {torch.float32} if weight else {torch.float32, torch.int64}


def _shapes(state: Mapping[str, Tensor], names: set[str]) -> dict[str, Shape]:
    return {name: tuple(state[name].shape) for name in sorted(names)}


STATISTICS = {"running_mean": 0.0, "running_var": 1.0}
"""What a folded normalisation subtracts and divides by."""


def affine(net: nn.Module) -> dict[str, float]:
    """Batch normalisations with a scale and a shift of their own, and the epsilon of each."""
    found = {name: layer for name, layer in net.named_modules() if isinstance(layer, _BatchNorm)}
    return {name: layer.eps for name, layer in found.items() if layer.affine and layer.track_running_stats}


def folded(state: State, net: nn.Module) -> State:
    """The state with the statistics of every affine batch normalisation moved into its scale and shift.

    Evaluation mode gives the same logits up to rounding, and two vectors per layer need no room. Weights are left
    alone, as scaled ones would not be binary any more. (Statistics of a layer without scale and shift have nowhere to
    go.)
    """
    moved = dict(state)
    for name, epsilon in affine(net).items():
        mean, variance = (state[f"{name}.{part}"].double() for part in STATISTICS)
        scale = state[f"{name}.weight"].double() / (variance + epsilon).sqrt()
        moved[f"{name}.weight"] = (scale * math.sqrt(1 + epsilon)).float()
        moved[f"{name}.bias"] = (state[f"{name}.bias"].double() - mean * scale).float()
        for part, value in STATISTICS.items():
            moved[f"{name}.{part}"] = torch.full_like(state[f"{name}.{part}"], value)
    return moved
