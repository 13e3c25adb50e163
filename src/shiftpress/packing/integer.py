"""Quantised classifiers in whole numbers: 8-bit weights and activations, through the kernels of oneDNN.

torch calls these kernels itself for networks that torchao quantises and its compiler lowers. They add up in int32, and
rounding, rectifier and the sum with a shortcut happen before a result leaves the processor's registers.
"""

import functools

import torch
from torch import Tensor, nn
from torch.nn.modules.utils import _pair as pair

from shiftpress.core.points import PASSED, absorbed
from shiftpress.core.problems import InputError
from shiftpress.core.quantised import Quantised
from shiftpress.core.steps import IMAGES, WEIGHTED, Step, computed

BITS = 8
KERNELS = torch.ops.onednn
LAYOUT = torch.channels_last


class IntegerNet(nn.Module):
    """What a quantised classifier says on this machine's processor; images (N, C, H, W) in [0, 1] to logits.

    Results are uint8 where the classifier rounds, float32 elsewhere. No gradients. Raises InputError if activations
    have other than 8 bits, or the processor's kernels do not add up exactly.
    """

    def __init__(self, quantised: Quantised):
        super().__init__()
        points = quantised.scheme.points(quantised.steps)
        if set(points.values()) != {BITS}:
            raise InputError("Integer kernels take activations of 8 bits; this network has others.")
        if not adds_exactly():
            raise InputError(
                "This processor's integer kernels clip sums (it has no VNNI), so that they say other things."
            )
        tensors, self.steps = quantised.tensors, quantised.steps
        self.grids = {name: (float(tensors[f"{name}/scale"]), int(tensors[f"{name}/zero"])) for name in points}
        self.inside = absorbed(quantised.steps)
        by_name = {step.name: step for step in quantised.steps}
        self.added = {name: by_name[conv] for name, conv in self.inside.items()}
        self.packed = {s.name: _Packed(s, quantised, self.grids, by_name) for s in self.steps if s.op in WEIGHTED}
        self.rest = {
            step.name: (tensors.get(f"{step.name}/weight"), tensors.get(f"{step.name}/bias")) for step in self.steps
        }
        self.last_use = {name: step.name for step in self.steps for name in step.inputs}

    @torch.inference_mode()
    def forward(self, images: Tensor) -> Tensor:
        found = {IMAGES: images}
        for step in self.steps:
            if step.name in self.inside.values():
                found[step.name] = found[step.inputs[0]]  # computed with the sum
            else:
                found[step.name] = self._result(step, found)
            for name in step.inputs:
                if self.last_use[name] == step.name and step.name not in self.inside.values():
                    found.pop(name, None)
        return self._real(self.steps[-1].name, found[self.steps[-1].name])

    def _result(self, step: Step, found: dict[str, Tensor]) -> Tensor:
        taken, grid = [found[name] for name in step.inputs], self.grids.get(step.name)
        if step.op in WEIGHTED:
            return self.packed[step.name](taken[0], grid, step.relu)
        if step.op == "max" and taken[0].dtype == torch.uint8:
            return _largest(taken[0], **step.options)
        if step.op in PASSED:
            return computed(step, taken)
        if step.name in self.added:
            own = self.added[step.name]
            place = step.inputs.index(own.name)
            other, name = taken[1 - place], step.inputs[1 - place]
            if grid and name in self.grids:
                # the kernel may write its result over the other term
                alone = self.last_use[name] == step.name and other is not taken[place]
                other = other if alone else other.clone()
                return self.packed[own.name].plus(taken[place], other, self.grids[name], grid, step.relu)
            taken[place] = self.packed[own.name](taken[place], None, relu=False)
            result = taken[place] + self._real(name, other)
        else:
            reals = [self._real(name, x) for name, x in zip(step.inputs, taken, strict=True)]
            result = computed(step, reals, *self.rest[step.name])
        result = result.relu_() if step.relu else result
        return result if grid is None else _rounded(result, *grid)

    def _real(self, name: str, x: Tensor) -> Tensor:
        if x.dtype != torch.uint8:
            return x
        while name not in self.grids:
            name = next(step.inputs[0] for step in self.steps if step.name == name)
        scale, zero = self.grids[name]
        return (x.float() - zero if zero else x.float()).mul_(scale)


def deployed(quantised: Quantised) -> nn.Module:
    """The classifier as it runs here: in whole numbers if there are kernels for it, else rounding in float32."""
    try:
        return IntegerNet(quantised)
    except InputError:
        return quantised.net()


class _Packed:
    """Weights of a step in the order that its kernel reads them in."""

    def __init__(self, step: Step, quantised: Quantised, grids: dict[str, tuple[float, int]], steps: dict[str, Step]):
        name = step.inputs[0]
        while name not in grids:
            name = steps[name].inputs[0]
        self.step, self.grid = step, grids[name]
        tensors = quantised.tensors
        codes, self.scales = tensors[f"{step.name}/codes"], tensors[f"{step.name}/scales"]
        self.zeros, self.bias = torch.zeros(len(codes), dtype=torch.int32), tensors.get(f"{step.name}/bias")
        self.how = [list(step.options[key]) for key in ("stride", "padding", "dilation")] if step.op == "conv" else []
        if step.op == "conv":
            self.codes = KERNELS.qconv_prepack(codes, self.scales, *self.grid, *self.how, 1, None)
        else:
            self.codes = KERNELS.qlinear_prepack(codes, None)

    def __call__(self, x: Tensor, grid: tuple[float, int] | None, relu: bool) -> Tensor:
        scale, zero = grid or (1.0, 0)
        kind, after = torch.uint8 if grid else torch.float32, "relu" if relu else "none"
        common = (*self.grid, self.codes, self.scales, self.zeros, self.bias)
        if self.step.op == "linear":
            return KERNELS.qlinear_pointwise(x, *common, scale, zero, kind, after, [], "")
        x = x.contiguous(memory_format=LAYOUT)
        return KERNELS.qconv2d_pointwise(x, *common, *self.how, 1, scale, zero, kind, after, [], "")

    def plus(self, x: Tensor, other: Tensor, taken: tuple[float, int], grid: tuple[float, int], relu: bool) -> Tensor:
        """Of a convolution, the other term added to it before it is rounded; that may be overwritten."""
        common = (*self.grid, self.codes, self.scales, self.zeros, other, self.bias, *self.how, 1, *grid, torch.uint8)
        after = (*taken, "sum", 1.0, "relu" if relu else "none", [], "")
        return KERNELS.qconv2d_pointwise.binary(x.contiguous(memory_format=LAYOUT), *common, *after)


def adds_exactly() -> bool:
    """Whether the processor adds products of 8-bit numbers without clipping pairs of them to 16 bits."""
    x, codes = torch.full((1, 64, 3, 3), 255, dtype=torch.uint8), torch.full((16, 64, 3, 3), 127, dtype=torch.int8)
    ones, how = torch.ones(16), ([1, 1], [0, 0], [1, 1])
    packed = KERNELS.qconv_prepack(codes, ones, 1.0, 0, *how, 1, None)
    common = (1.0, 0, packed, ones, torch.zeros(16, dtype=torch.int32), None, *how, 1, 1.0, 0, torch.float32)
    found = KERNELS.qconv2d_pointwise(x.contiguous(memory_format=LAYOUT), *common, "none", [], "")
    return bool((found == 255 * 127 * 64 * 9).all())


def _largest(x: Tensor, kernel_size: int | tuple[int, int], stride: int | tuple[int, int]) -> Tensor:
    """Of each window: of its rows first, which lie together, then of what is left of its columns.

    (torch's own pool counts places of bytes in bytes, and refuses images of more than 255.)
    """
    for axis, size, step in zip((2, 3), pair(kernel_size), pair(stride), strict=True):
        reach = (x.shape[axis] - size) // step * step + 1
        parts = [x[(slice(None),) * axis + (slice(i, i + reach, step),)] for i in range(size)]
        x = functools.reduce(torch.maximum, parts)
    return x


def _rounded(x: Tensor, scale: float, zero: int) -> Tensor:
    """Levels, from 0; overwrites what it is given."""
    x.div_(scale)
    if zero:
        x.add_(zero)
    return x.round_().clamp_(0, 2**BITS - 1).to(torch.uint8)
