"""Numbers on grids of few levels, and gradients as if nothing had been rounded."""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor


class _Nearest(torch.autograd.Function):
    """The nearest whole number, an even one of two; the gradient goes straight through (Bengio et al. 2013)."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        return x.round()

    @staticmethod
    def backward(ctx, slopes: Tensor) -> Tensor:
        return slopes


def levels(x: Tensor, scale: Tensor, zero: Tensor, bits: int) -> Tensor:
    """The level of each number less that of zero, as whole float32: round(x / scale), clamped to the grid.

    Gradients pass where nothing is clamped.
    """
    return _Nearest.apply(x / scale + zero).clamp(0, 2**bits - 1) - zero


@dataclass(frozen=True)
class Grid:
    """2^bits levels at equal distances, one of them zero: the number of level q is scale (q - zero)."""

    scale: Tensor
    zero: Tensor

    @classmethod
    def between(cls, low: float, high: float, bits: int) -> "Grid":
        """The one from ``low`` to ``high``, widened to hold zero."""
        low, high, most = min(low, 0.0), max(high, 0.0), 2**bits - 1
        scale = torch.tensor((high - low) / most, dtype=torch.float32)
        if not scale > torch.finfo(torch.float32).tiny:
            scale = torch.tensor(1.0)  # everything is zero
        zero = min(max(round(-low / float(scale)), 0), most)
        return cls(scale, torch.tensor(zero))


def codes(weight: Tensor, scales: Tensor, bits: int) -> Tensor:
    """Weights as whole numbers of steps of their channel's scale, int8, as many on either side of zero."""
    most = 2 ** (bits - 1) - 1
    return (weight / spread(scales, weight)).round().clamp(-most, most).to(torch.int8)


def spread(scales: Tensor, weight: Tensor) -> Tensor:
    """One number for each output channel, shaped to be multiplied with weights."""
    return scales.view(-1, *[1] * (weight.ndim - 1))


@cache
def shrunk() -> list[float]:
    """Shares of the largest weight up to which a grid may reach."""
    return torch.linspace(1.0, 0.32, 18).tolist()


def channel_scales(weight: Tensor, bits: int, fit: str) -> Tensor:
    """A scale for each output channel: the grid ends at the largest weight ("max"), or where the squared error is
    least ("mse")."""
    most = 2 ** (bits - 1) - 1
    full = weight.abs().flatten(1).amax(1) / most
    full = torch.where(full > torch.finfo(torch.float32).tiny, full, torch.ones_like(full))
    if fit == "max":
        return full
    best, least = full, torch.full_like(full, torch.inf)
    for share in shrunk():
        scales = full * share
        step = spread(scales, weight)
        # in place, as networks have millions of weights
        error = (weight / step).round_().clamp_(-most, most).mul_(step).sub_(weight).square_().flatten(1).sum(1)
        best, least = torch.where(error < least, scales, best), torch.minimum(error, least)
    return best
