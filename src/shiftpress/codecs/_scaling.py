"""Convolutions that halve the side of an image and their transposes that double it, fast where channels are few.

A processor's library spreads values over the pixels between them (a transposed convolution, which is also the gradient
of a convolution by its input) for 16 channels at a time, and for each pixel apart; with few channels nearly all of that
work is thrown away. The same sums are a plain convolution at the smaller side that writes the 2 x 2 pixels of each
place as channels, and a plain one is quick; where these four are all there are, one product of matrices is quicker yet.
Numbers differ by rounding alone.
"""

import math
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from shiftpress.codecs._steady import paired

NARROW = 16
"""Up to so many channels the plain convolution is the faster one; measured: 1.4 times at 16, 3 times at 1."""


class Halve(nn.Conv2d):
    """A convolution of stride 2: (N, C, 2h, 2w) -> (N, D, h, w)."""

    def __init__(self, fan_in: int, fan_out: int, kernel: int):
        super().__init__(fan_in, fan_out, kernel, stride=2, padding=(kernel - 1) // 2)

    def forward(self, images: Tensor) -> Tensor:
        if self.in_channels > NARROW or images.device.type != "cpu":
            return super().forward(images)
        if not torch.is_grad_enabled():
            return super().forward(images)
        return _Halved.apply(images, self.weight, self.bias)


class Double(nn.ConvTranspose2d):
    """A transposed convolution of stride 2: (N, C, h, w) -> (N, D, 2h, 2w)."""

    def __init__(self, fan_in: int, fan_out: int, kernel: int):
        super().__init__(fan_in, fan_out, kernel, 2, padding=(kernel - 1) // 2, output_padding=kernel % 2)

    def forward(self, images: Tensor) -> Tensor:
        if self.out_channels > NARROW or images.device.type != "cpu":
            return super().forward(images)
        if not torch.is_grad_enabled():
            return spread(images, self.weight, self.bias)
        return _Doubled.apply(images, self.weight, self.bias)


def spread(values: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """The transposed convolution of stride 2 of values (N, C, h, w) with weights (C, D, K, K): (N, D, 2h, 2w)."""
    count, _, height, width = values.shape
    channels, margin = weight.shape[1], (weight.shape[2] - 1) // 2
    plain = _plain(weight)
    # margins of two pixels are whole places, which need not be computed
    reach, cut = plain.shape[2] - 1 - margin // 2, margin % 2
    if channels == 1:
        places = _summed(values, plain, reach).permute(1, 2, 3, 0)
        places = places if bias is None else places.add(bias)
    else:
        places = F.conv2d(paired(values), plain, None if bias is None else bias.repeat(4), padding=reach)
        places = places[:count].permute(0, 2, 3, 1)
    rows, columns = places.shape[1:3]
    pixels = places.reshape(count, rows, columns, 2, 2, channels).transpose(2, 3)
    pixels = pixels.reshape(count, 2 * rows, 2 * columns, channels)[:, cut : cut + 2 * height, cut : cut + 2 * width]
    # batch normalisation takes four times as long over a part of a larger tensor
    return pixels.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def _summed(values: Tensor, plain: Tensor, reach: int) -> Tensor:
    """The convolution of values (N, C, h, w), padded by ``reach``, with weights (D, C, T, T): (D, N, h', w').

    One product says what every value adds to the places around it; these are then added up where they stand. Twice as
    fast as a convolution to four channels, which leaves half of each instruction empty.
    """
    (count, fan_in, height, width), (fan_out, _, size, _) = values.shape, plain.shape
    flat = values.permute(0, 2, 3, 1).reshape(-1, fan_in)
    parts = (plain.permute(2, 3, 0, 1).reshape(-1, fan_in) @ flat.T).view(size, size, fan_out, count, height, width)
    found = values.new_zeros(fan_out, count, height + size - 1, width + size - 1)
    for row in range(size):
        for column in range(size):
            down, right = size - 1 - row, size - 1 - column
            found[:, :, down : down + height, right : right + width].add_(parts[row, column])
    margin = size - 1 - reach
    return found[:, :, margin : found.shape[2] - margin, margin : found.shape[3] - margin]


def _plain(weight: Tensor) -> Tensor:
    """Weights (C, D, K, K) of a transposed convolution as the plain one's, (2 * 2 * D, C, T, T), 2T = K or K + 1.

    A value goes to the T places from its own on; seen from a place, they come from the T values up to its own.
    """
    fan_in, fan_out, kernel, _ = weight.shape
    half, flat = (kernel + 1) // 2, weight.reshape(-1)
    if kernel % 2:
        flat = torch.cat([flat, flat.new_zeros(1)])
    found = flat.index_select(0, _places(tuple(weight.shape), weight.device))
    return found.view(4 * fan_out, half, half, fan_in).permute(0, 3, 1, 2)


@lru_cache(64)
def _places(shape: tuple[int, int, int, int], device: torch.device) -> Tensor:
    """Where among the weights those of the plain convolution stand, channels last; what odd kernels lack, behind all.

    To turn the weights themselves around took three times as long as to look them up.
    """
    fan_in, fan_out, kernel, _ = shape
    odd, half, count = kernel % 2, (kernel + 1) // 2, math.prod(shape)
    places = F.pad(torch.arange(count).view(shape), (0, odd, 0, odd), value=count)
    places = places.reshape(fan_in, fan_out, half, 2, half, 2).flip(2, 4)
    return places.permute(3, 5, 1, 2, 4, 0).flatten().to(device)


class _Halved(torch.autograd.Function):
    """Forward as torch has it, and the gradient by the images as above."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(images, weight)
        return F.conv2d(images, weight, bias, 2, (weight.shape[2] - 1) // 2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        wanted, of_weights = ctx.needs_input_grad, (None, None)
        if wanted[1] or wanted[2]:
            of_weights = _gradients(ctx, slope, False, [False, *wanted[1:]])[1:]
        return spread(slope, ctx.saved_tensors[1]) if wanted[0] else None, *of_weights


class _Doubled(torch.autograd.Function):
    """Forward as above, gradients as torch has them."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(images, weight)
        return spread(images, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        return _gradients(ctx, slope, True, list(ctx.needs_input_grad))


def _gradients(ctx: Any, slope: Tensor, transposed: bool, wanted: list[bool]) -> tuple[Tensor, Tensor, Tensor]:
    """Torch's own gradients by images, weights and bias, where they are wanted."""
    images, weight = ctx.saved_tensors
    kernel = weight.shape[2]
    margin, rest = [(kernel - 1) // 2] * 2, [kernel % 2 if transposed else 0] * 2
    size = [weight.shape[1 if transposed else 0]]
    return torch.ops.aten.convolution_backward(
        slope, images, weight, size, [2, 2], margin, [1, 1], transposed, rest, 1, wanted
    )
