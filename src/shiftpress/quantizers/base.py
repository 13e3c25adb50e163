"""Contract of a quantizer: post-training quantisation of a classifier, calibrated on training images."""

from abc import abstractmethod
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from shiftpress.core.component import Component
from shiftpress.core.folding import folded
from shiftpress.core.points import Ends, Scheme
from shiftpress.core.problems import InputError
from shiftpress.core.quantised import Quantised, QuantisedNet, with_codes, with_grids
from shiftpress.core.rounding import Grid
from shiftpress.quantizers._histograms import Histogram, Range

BATCH = 64
"""Images that are calibrated on at once; changes no number."""


class Quantizer(Component):
    """Rounds a trained classifier without training it again (our protocol; Shen et al. 2024 do not give theirs).

    Kinds differ in how far the grid of an activation reaches. Weights are symmetric with a scale for each output
    channel, activations affine and unsigned with a scale for each tensor: what the integer kernels of processors take.
    Batch normalisation is folded first, as deployment does.
    """

    title: ClassVar[str]

    weight_bits: int = Field(8, ge=2, le=8, description="bits of a weight; biases stay float32, as kernels have them")
    activation_bits: Literal[2, 3, 4, 5, 6, 7, 8, 32] = Field(
        8, description="bits of an activation; 32 leaves them alone, which shows what weights alone cost"
    )
    ends: Ends = Field(
        "eight",
        description="bits of the first and the last layer: at least eight, as is usual since they hold few weights and "
        "cost most accuracy, or the same as the others",
    )
    weights: Literal["max", "mse"] = Field(
        "mse",
        description="a channel's grid ends at its largest weight, or where the squared error is least, which matters "
        "below 8 bits",
    )
    images: int = Field(
        512,
        ge=1,
        le=1_000_000,
        description="training images of the source that activations are calibrated on; more change little, and images "
        "of a target would leak",
    )

    @property
    def scheme(self) -> Scheme:
        """Bits of weights and activations."""
        return Scheme(weight_bits=self.weight_bits, activation_bits=self.activation_bits, ends=self.ends)

    @abstractmethod
    def limits(self, histogram: Histogram, bits: int) -> Range:
        """From where to where the grid of an activation reaches, given how its numbers are distributed."""

    @torch.no_grad()
    def quantise(self, net: nn.Module, images: Tensor) -> Quantised:
        """The quantised classifier, calibrated on the first of these training images (N, C, H, W) in [0, 1].

        The network is left as it is, and may be on another device with the images; what comes back is on the CPU.
        Raises InputError if it has steps that are not known, or a weight is not finite.
        """
        whole = folded(net)
        if odd := [name for name, tensor in whole.tensors.items() if not tensor.isfinite().all()]:
            raise InputError(f"The network cannot be quantised: {odd[0]!r} holds values that are no finite numbers.")
        found = with_codes(whole, self.scheme, self.weights)
        points = self.scheme.points(found.steps)
        seen = _seen(found.twin(), images[: self.images], list(points)) if points else {}
        grids = {name: Grid.between(*self.limits(seen[name], bits), bits) for name, bits in points.items()}
        return with_grids(found, grids).cpu()


def _seen(net: QuantisedNet, images: Tensor, names: list[str]) -> dict[str, Histogram]:
    """How the results of these steps are distributed, in two passes: their ranges first."""
    ranges: dict[str, Range] = {}
    for batch in images.split(BATCH):
        found = net.results(batch)
        for name in names:
            low, high = (float(value) for value in found[name][0].aminmax())
            past = ranges.get(name, (low, high))
            ranges[name] = min(low, past[0]), max(high, past[1])
    histograms = {name: Histogram.empty(*ranges[name]) for name in names}
    for batch in images.split(BATCH):
        found = net.results(batch)
        for name in names:
            histograms[name].add(found[name][0])
    return histograms
