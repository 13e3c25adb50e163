"""Sums of products that come out the same in every order.

A matrix product adds in an order that depends on the shape of the batch, the number of threads and the device. If every
weight is a multiple of 2^-b and every value an integer, all partial sums are multiples of 2^-b, and float64 holds them
without rounding as long as they stay below 2^(53-b): then no order can be told from another.
"""

import numpy as np
import torch
from torch import Tensor


def rounded(matrix: np.ndarray, bits: int) -> np.ndarray:
    """Rows of weights (..., n) as multiples of 2^-bits; what a row loses in sum, its largest weight gets back."""
    whole = np.rint(np.ldexp(matrix, bits))
    lost = np.rint(np.ldexp(matrix.sum(-1), bits)) - whole.sum(-1)
    largest = np.abs(whole).argmax(-1)[..., None]
    np.put_along_axis(whole, largest, np.take_along_axis(whole, largest, -1) + lost[..., None], -1)
    return np.ldexp(whole, -bits)


def sandwich(left: Tensor, values: Tensor, right: Tensor) -> Tensor:
    """left @ values @ right.T of whole levels over the last two axes, float64; matrices are multiples of 2^-20."""
    return left @ (values.to(torch.float64) @ right.T)


def between(left: Tensor, field: Tensor, right: Tensor) -> Tensor:
    """left @ field @ right.T for a field of any values below 8, taken to 2^-20; matrices are multiples of 2^-28.

    What lies between the axes is rounded to 2^-22, so that the second product is exact again.
    """
    return left @ _stepped(_stepped(field.to(torch.float64), 20) @ right.T, 22)


def _stepped(values: Tensor, bits: int) -> Tensor:
    return (values * (1 << bits)).round_().div_(1 << bits)


def settle(values: Tensor, falls: Tensor) -> Tensor:
    """Levels rounded down; where a value is whole, ``falls`` (256,) tells whether the published sum falls short of it.

    A flat area keeps its level if weights add up to 1. Floating point makes them add up to a hair more or less, and the
    published pipeline, which throws the fraction away, then darkens some levels by one.
    """
    levels = values.floor()
    short = falls.index_select(0, levels.flatten().long()).view_as(levels)
    return levels - short.mul_(levels == values)
