"""Quantised classifiers: what they are made of, and networks that say in float32 what integers would.

Weights are whole numbers with a scale for each output channel, activations levels of a grid for each tensor. Products
and sums of whole numbers below 2^24 are exact in float32, so that results are those of int32 accumulators and do not
depend on how a sum is arranged.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from shiftpress.core.folding import Folded
from shiftpress.core.points import PASSED, Scheme
from shiftpress.core.rounding import Grid, channel_scales, codes, levels, spread
from shiftpress.core.steps import IMAGES, WEIGHTED, Step, computed
from shiftpress.core.tensors import State

Value = tuple[Tensor, Tensor | None]
"""Numbers, or levels with the scale of their grid."""


@dataclass(frozen=True)
class Quantised:
    """A quantised classifier. Tensors by name, of the steps that have them:

    ``<step>/codes`` int8 and ``<step>/scales`` (O,) float32 of weights, ``<step>/bias`` float32; ``<step>/weight`` and
    ``/bias`` of what is computed in float32; ``<step>/scale`` float32 and ``<step>/zero`` int64 () of a grid.
    """

    scheme: Scheme
    steps: list[Step]
    tensors: State

    @property
    def numbers(self) -> int:
        """Weights, biases, and what else of the classifier is kept: without scales and grids."""
        return sum(t.numel() for n, t in self.tensors.items() if n.endswith(("/codes", "/weight", "/bias")))

    @property
    def bits(self) -> int:
        """Of weights in as many bits as they have, of float32 numbers and scales in 32, of zeros in 8."""
        widths, found = self.scheme.weights(self.steps), 0
        for name, tensor in self.tensors.items():
            step, part = name.split("/")
            found += tensor.numel() * {"codes": widths.get(step, 0), "zero": 8}.get(part, 32)
        return found

    def cpu(self) -> "Quantised":
        """The same with all tensors on the CPU."""
        return Quantised(self.scheme, self.steps, {name: tensor.cpu() for name, tensor in self.tensors.items()})

    def net(self) -> "QuantisedNet":
        """Images in [0, 1] to logits, rounding on the way; gradients go straight through."""
        return QuantisedNet(self, self.scheme.points(self.steps))

    def twin(self) -> "QuantisedNet":
        """The same weights, with activations that are not rounded."""
        return QuantisedNet(self, {})


class QuantisedNet(nn.Module):
    """What a quantised classifier says, rounding the results at ``points`` to so many bits."""

    def __init__(self, quantised: Quantised, points: dict[str, int]):
        super().__init__()
        self.quantised, self.points = quantised, points
        for name, tensor in quantised.tensors.items():
            self.register_buffer(name, tensor.clone())
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        return _real(self.results(images)[self.quantised.steps[-1].name])

    def results(self, images: Tensor) -> dict[str, Value]:
        """Of every step, by its name."""
        found: dict[str, Value] = {IMAGES: (images, None)}
        for step in self.quantised.steps:
            taken = [found[name] for name in step.inputs]
            if step.op in PASSED:
                found[step.name] = (computed(step, [taken[0][0]]), taken[0][1])
                continue
            result = self._weighted(step, *taken[0]) if step.op in WEIGHTED else self._float(step, taken)
            result = result.relu() if step.relu else result
            found[step.name] = self._rounded(step.name, result) if step.name in self.points else (result, None)
        return found

    def _weighted(self, step: Step, x: Tensor, scale: Tensor | None) -> Tensor:
        whole, scales, bias = self._part(step, "codes").float(), self._part(step, "scales"), self._part(step, "bias")
        if scale is None:
            return computed(step, [x], whole * spread(scales, whole), bias)
        sums, shape = computed(step, [x], whole), (-1, 1, 1) if step.op == "conv" else (-1,)
        result = sums * (scale * scales).view(shape)
        return result if bias is None else result + bias.view(shape)

    def _float(self, step: Step, taken: list[Value]) -> Tensor:
        return computed(step, [_real(value) for value in taken], self._part(step, "weight"), self._part(step, "bias"))

    def _rounded(self, name: str, result: Tensor) -> Value:
        scale, zero = getattr(self, f"{name}/scale"), getattr(self, f"{name}/zero")
        return levels(result, scale, zero, self.points[name]), scale

    def _part(self, step: Step, part: str) -> Tensor | None:
        return getattr(self, f"{step.name}/{part}", None)


def with_codes(folded: Folded, scheme: Scheme, fit: str) -> Quantised:
    """The classifier with quantised weights, before any grid of activations is known."""
    found, bits = dict(folded.tensors), scheme.weights(folded.steps)
    for name, own in bits.items():
        weight = found.pop(f"{name}/weight")
        found[f"{name}/scales"] = channel_scales(weight, own, fit)
        found[f"{name}/codes"] = codes(weight, found[f"{name}/scales"], own)
    return Quantised(scheme, folded.steps, found)


def with_grids(quantised: Quantised, grids: dict[str, Grid]) -> Quantised:
    """The classifier with the grids of its activations."""
    scales = {f"{name}/scale": grid.scale for name, grid in grids.items()}
    zeros = {f"{name}/zero": grid.zero for name, grid in grids.items()}
    return Quantised(quantised.scheme, quantised.steps, quantised.tensors | scales | zeros)


def _real(value: Value) -> Tensor:
    numbers, scale = value
    return numbers if scale is None else numbers * scale
