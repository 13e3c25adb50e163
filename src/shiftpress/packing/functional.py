"""A network as Python source that a reader can follow: plain calls of torch's functions, tensors looked up by name.

The source is made of our own words: of a network only numbers and the names of its tensors go in, each of them checked.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import fx, nn

from shiftpress.core.normalisation import BatchNorm
from shiftpress.core.problems import InputError

OPERATORS = {operator.add: "+", operator.iadd: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/"}
REGISTERS = "xyzuv"
"""Names for intermediate results. One is free again after the last use of its value, as are then its bytes."""
PLAIN_NAME = re.compile(r"\w+(\.\w+)*", re.ASCII)
HELPER = '''\
def normalised(x: Tensor, w: dict[str, Tensor], layer: str, eps: float) -> Tensor:
    """Batch normalisation with stored statistics, and with scale and shift if the layer has them."""
    mean, variance = w[f"{layer}.running_mean"], w[f"{layer}.running_var"]
    return F.batch_norm(x, mean, variance, w.get(f"{layer}.weight"), w.get(f"{layer}.bias"), eps=eps)
'''
"""What the functions call besides torch."""


@dataclass(frozen=True)
class Source:
    """A function ``name(images, w)``, and the names of the tensors that it looks up in ``w``."""

    text: str
    tensors: list[str]


def source(net: nn.Module, name: str, comment: str) -> Source:
    """What the network does in evaluation mode; ``w`` maps names to tensors as the state of the network does.

    Raises InputError if it has layers or steps that have no counterpart here.
    """
    nodes = list(_Tracer().trace(net).nodes)  # symbolic_trace would also run source of its own making
    writer = _Writer(dict(net.named_modules()), {argument: n for n in nodes for argument in n.all_input_nodes})
    for node in nodes:
        writer.step(node)
    head = [f"def {name}(images: Tensor, w: dict[str, Tensor]) -> Tensor:", f'    """{comment}"""']
    return Source("\n".join([*head, *(f"    {line}" for line in writer.lines)]) + "\n", writer.tensors)


class _Tracer(fx.Tracer):
    """Looks into blocks, but not into layers."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, BatchNorm) or super().is_leaf_module(m, module_qualified_name)


class _Writer:
    """Lines of source, for one step of the graph after the other; ``last`` is the last step that uses a value."""

    def __init__(self, layers: dict[str, nn.Module], last: dict[fx.Node, fx.Node]):
        self.layers, self.last = layers, last
        self.places: dict[fx.Node, str] = {}
        """Where the value of a step is found: a register, the images, or a tensor."""
        self.free = set(REGISTERS)
        self.lines: list[str] = []
        self.tensors: list[str] = []

    def step(self, node: fx.Node) -> None:
        if node.op == "placeholder":
            self.places[node] = "images"
        elif node.op == "get_attr":
            self.places[node] = f'w["{self._named(node.target)}"]'
        elif node.op == "output":
            self.lines.append(f"return {self.places[node.args[0]]}")
        elif node.op == "call_module" and isinstance(self.layers[node.target], (nn.Identity, nn.Dropout)):
            # the value goes by two names, and lives as long as either is used
            self.places[node] = self.places[node.args[0]]
            self.last[node.args[0]] = self.last[node]
        else:
            expression = self._expression(node)
            self.free |= {self.places[a] for a in node.all_input_nodes if self.last[a] is node} & set(REGISTERS)
            if not self.free:
                raise _impossible("too many of its results wait for their use")
            self.places[node] = min(self.free, key=REGISTERS.index)
            self.free.remove(self.places[node])
            self.lines.append(f"{self.places[node]} = {expression}")

    def _expression(self, node: fx.Node) -> str:
        places = [self.places[a] if isinstance(a, fx.Node) else None for a in node.args]
        if node.op == "call_function" and node.target in OPERATORS and None not in places:
            return f" {OPERATORS[node.target]} ".join(places)
        layer = self.layers[node.target] if node.op == "call_module" else None
        if type(layer) not in CALLS or len(places) != 1:
            raise _impossible(f"no plain function does what its step {type(layer).__name__} {node.name} does")
        for part in {**dict(layer.named_parameters()), **dict(layer.named_buffers())}:
            if part != "num_batches_tracked":
                self._named(f"{node.target}.{part}")
        return CALLS[type(layer)](layer, places[0], node.target)

    def _named(self, name: str) -> str:
        """The name of a tensor, as one that is used."""
        if not PLAIN_NAME.fullmatch(name):
            raise _impossible(f"its tensor {name[:60]!r} has no plain name")
        if name not in self.tensors:
            self.tensors.append(name)
        return name


def _convolution(layer: nn.Conv2d, x: str, name: str) -> str:
    if layer.padding_mode != "zeros" or isinstance(layer.padding, str):
        raise _impossible("a convolution is not padded with a number of zeros")
    usual = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    return _call("F.conv2d", x, *_weights(layer, name), usual=usual, **{key: getattr(layer, key) for key in usual})


def _normalisation(layer: nn.BatchNorm2d, x: str, name: str) -> str:
    if not layer.track_running_stats:
        raise _impossible("a normalisation has no statistics of its own")
    return f'normalised({x}, w, "{name}", eps={float(layer.eps)!r})'


def _linear(layer: nn.Linear, x: str, name: str) -> str:
    return _call("F.linear", x, *_weights(layer, name))


def _pool(layer: nn.MaxPool2d, x: str, name: str) -> str:
    if layer.dilation != 1 or layer.ceil_mode:
        raise _impossible("a pool is dilated, or counts parts of windows")
    usual = {"stride": _number(layer.kernel_size), "padding": 0}
    return _call("F.max_pool2d", x, _number(layer.kernel_size), usual=usual, stride=layer.stride, padding=layer.padding)


def _mean(layer: nn.AdaptiveAvgPool2d, x: str, name: str) -> str:
    return _call("F.adaptive_avg_pool2d", x, _number(layer.output_size))


def _flatten(layer: nn.Flatten, x: str, name: str) -> str:
    return _call("torch.flatten", x, _number(layer.start_dim), usual={"end_dim": -1}, end_dim=layer.end_dim)


def _relu(layer: nn.ReLU, x: str, name: str) -> str:
    return _call("F.relu", x)


CALLS: dict[type, Callable[[Any, str, str], str]] = {
    nn.Conv2d: _convolution,
    nn.BatchNorm2d: _normalisation,
    BatchNorm: _normalisation,
    nn.Linear: _linear,
    nn.MaxPool2d: _pool,
    nn.AdaptiveAvgPool2d: _mean,
    nn.Flatten: _flatten,
    nn.ReLU: _relu,
}


def _weights(layer: nn.Conv2d | nn.Linear, name: str) -> list[str]:
    return [f'w["{name}.{part}"]' for part in ("weight", "bias") if getattr(layer, part) is not None]


def _call(function: str, *arguments: object, usual: dict[str, object] | None = None, **options: Any) -> str:
    """The call as source; options that are as usual are left out."""
    given = {key: _number(value) for key, value in options.items()}
    shown = [f"{key}={value}" for key, value in given.items() if value != usual[key]]
    return f"{function}({', '.join([*map(str, arguments), *shown])})"


def _number(value: Any) -> int | tuple[int, ...]:
    """One whole number if the same holds for both directions, else two."""
    sides = (value,) if isinstance(value, int) else tuple(value)
    if not all(type(side) is int for side in sides):
        raise _impossible("one of its settings is no whole number")
    return sides[0] if len(set(sides)) == 1 else sides


def _impossible(why: str) -> InputError:
    return InputError(f"The network cannot be exported: {why}.")
