"""A classifier as a list of plain steps, each on the results of earlier ones: what can be folded and quantised.

Only what classifiers are made of is known: convolutions, linear layers, batch normalisation, rectifiers, sums, pools.
"""

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from shiftpress.core.normalisation import BatchNorm
from shiftpress.core.problems import InputError

Op = Literal["normalise", "conv", "linear", "norm", "affine", "relu", "add", "max", "mean", "flatten"]
WEIGHTED: tuple[Op, ...] = ("conv", "linear")
"""Steps that have weights to quantise."""
IMAGES = "images"
"""Name of what goes in."""


@dataclass(frozen=True)
class Step:
    """One step: the name of its result, of those it takes, and how a function is called; ``layer`` is a module's path.

    ``relu`` says that a rectifier follows at once. ``affine`` is a scale and a shift for each channel.
    """

    name: str
    op: Op
    inputs: tuple[str, ...]
    layer: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    relu: bool = False


def traced(net: nn.Module) -> list[Step]:
    """The steps of a classifier in evaluation mode, as it is. Raises InputError if there are others than these."""
    nodes = _Tracer().trace(net).nodes  # of its own, as symbolic_trace would also run source of its making
    layers, found, known = dict(net.named_modules()), [], {}
    for node in nodes:
        if node.op == "placeholder":
            known[node] = IMAGES
        elif node.op == "output":
            _expect(found and known[node.args[0]] == found[-1].name, "its last step is not its result")
        elif node.op == "call_module" and isinstance(layers[node.target], (nn.Identity, nn.Dropout)):
            known[node] = known[node.args[0]]
        else:
            found.append(_step(node, layers, known))
            known[node] = node.name
    return found


def consumers(steps: Sequence[Step], name: str) -> list[Step]:
    """The steps that take a result, one that takes it twice counted twice."""
    return [step for step in steps for taken in step.inputs if taken == name]


def computed(step: Step, taken: list[Tensor], weight: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
    """The result of a step before its rectifier, given what it takes and its tensors."""
    x = taken[0]
    match step.op:
        case "normalise":
            return (x - weight) / bias  # mean and deviation
        case "conv":
            return F.conv2d(x, weight, bias, **step.options)
        case "linear":
            return F.linear(x, weight, bias)
        case "affine":
            return torch.addcmul(bias[:, None, None], x, weight[:, None, None])
        case "add":
            return x + taken[1]
        case "max":
            return F.max_pool2d(x, **step.options)
        case "mean":
            return x.mean((2, 3), keepdim=True)
        case "flatten":
            return x.flatten(1)
    raise ValueError(f"steps of the kind {step.op!r} are not computed")


class _Tracer(fx.Tracer):
    """Looks into blocks, but not into layers, of which the normalisation of the images is one."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        own = module_qualified_name == "normalise" or isinstance(m, BatchNorm)
        return own or super().is_leaf_module(m, module_qualified_name)


def _step(node: fx.Node, layers: dict[str, nn.Module], known: dict[fx.Node, str]) -> Step:
    inputs = tuple(known[a] for a in node.args if isinstance(a, fx.Node))
    if node.op == "call_function" and node.target in (operator.add, operator.iadd) and len(inputs) == 2:
        return Step(node.name, "add", inputs)
    layer = layers[node.target] if node.op == "call_module" else None
    if node.target == "normalise" and layer is not None:
        return Step(node.name, "normalise", inputs, node.target)
    _expect(type(layer) in KINDS and len(inputs) == 1, f"its step {type(layer).__name__} {node.name} is not known")
    op, options = KINDS[type(layer)]
    return Step(node.name, op, inputs, node.target, dict(options(layer)))


def _conv(layer: nn.Conv2d) -> Iterator[tuple[str, Any]]:
    _expect(layer.padding_mode == "zeros" and not isinstance(layer.padding, str), "a convolution is padded oddly")
    _expect(layer.groups == 1, "a convolution has groups")
    yield from (("stride", layer.stride), ("padding", layer.padding), ("dilation", layer.dilation))


def _norm(layer: nn.BatchNorm2d) -> Iterator[tuple[str, Any]]:
    _expect(layer.track_running_stats, "a normalisation has no statistics of its own")
    return iter(())


def _max(layer: nn.MaxPool2d) -> Iterator[tuple[str, Any]]:
    plain = layer.dilation in (1, (1, 1)) and layer.padding in (0, (0, 0)) and not layer.ceil_mode
    _expect(plain, "a pool is dilated, padded, or counts parts of windows")
    yield from (("kernel_size", layer.kernel_size), ("stride", layer.stride))


def _mean(layer: nn.AdaptiveAvgPool2d) -> Iterator[tuple[str, Any]]:
    _expect(layer.output_size in (1, (1, 1)), "a mean is not over all positions")
    return iter(())


def _flatten(layer: nn.Flatten) -> Iterator[tuple[str, Any]]:
    _expect((layer.start_dim, layer.end_dim) == (1, -1), "not all of an image is flattened")
    return iter(())


def _plain(layer: nn.Module) -> Iterator[tuple[str, Any]]:
    return iter(())


KINDS: dict[type, tuple[Op, Callable[[Any], Iterator[tuple[str, Any]]]]] = {
    nn.Conv2d: ("conv", _conv),
    nn.Linear: ("linear", _plain),
    nn.BatchNorm2d: ("norm", _norm),
    BatchNorm: ("norm", _norm),
    nn.ReLU: ("relu", _plain),
    nn.MaxPool2d: ("max", _max),
    nn.AdaptiveAvgPool2d: ("mean", _mean),
    nn.Flatten: ("flatten", _flatten),
}


def _expect(holds: Any, why: str) -> None:
    if not holds:
        raise InputError(f"The network cannot be taken apart: {why}.")
