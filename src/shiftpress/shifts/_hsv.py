"""Changes of saturation and value in the HSV cone, bit for bit as scikit-image's float64 conversions give them.

With the value v and the saturation s changed, the largest channel of a pixel becomes v, the smallest v (1 - s), and the
one between v (1 - f s) or v (1 - (1 - f) s), where f is the place of the hue within its sixth of the circle. The first
two depend on the largest and smallest level alone and come from a table.
"""

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

Change = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""Saturation and value -> changed saturation and value."""


def recolour(levels: Tensor, change: Change) -> Tensor:
    """Whole levels (N, 3, H, W) after a change that depends on saturation and value; a function made once, for tables.

    A grey image (N, 1, H, W) is one of three equal channels, brought back to one by its luma.
    """
    if levels.shape[1] == 1:
        largest, smallest, _ = _extremes(change, levels.device)
        pair = levels.long().mul_(257)
        red, rest = largest.take(pair), smallest.take(pair)
        return (red * 0.299 + rest * 0.701).round_()
    red, green, blue = levels.unbind(1)
    high, low = torch.maximum(torch.maximum(red, green), blue), torch.minimum(torch.minimum(red, green), blue)
    tops, bottoms, changed = _extremes(change, levels.device)
    pair = (high * 256 + low).int().flatten()
    top, bottom = (table.index_select(0, pair).view_as(high) for table in (tops, bottoms))
    saturation, value = (table.index_select(0, pair).view_as(high) for table in changed)
    place, falling = _hue(red, green, blue, high, low)
    between = value.mul_(saturation.mul_(torch.where(falling, place, 1 - place)).neg_().add_(1))
    between = between.mul_(255).floor_().float()
    done = torch.where(levels == low[:, None], bottom[:, None], between[:, None])
    # a pixel without colour has the hue 0: red is its largest channel
    largest = levels == high[:, None]
    largest[:, 1:] &= (high != low)[:, None]
    return torch.where(largest, top[:, None], done)


def _hue(red: Tensor, green: Tensor, blue: Tensor, high: Tensor, low: Tensor) -> tuple[Tensor, Tensor]:
    """Place of the hue in its sixth of the circle, float64, and whether the channel between falls along that sixth."""
    # of two channels that are largest alike, the published formula takes the later one
    by_blue, by_green = blue == high, green == high
    ahead = torch.where(by_blue, red, torch.where(by_green, blue, green))
    behind = torch.where(by_blue, green, torch.where(by_green, red, blue))
    base = torch.where(by_blue, 4.0, torch.where(by_green, 2.0, 0.0)).double()
    # levels are divided by 255 first, as published; a difference of 0 gives a hue that no one looks at
    span = _unit(high).sub_(_unit(low))
    circle = _unit(ahead).sub_(_unit(behind)).div_(span).add_(base).div_(6)
    circle.add_(circle < 0).mul_(6)
    sixth = circle.floor()
    return circle.sub_(sixth), sixth.byte().bitwise_and_(1).bool()


def _unit(levels: Tensor) -> Tensor:
    return levels.double().div_(255)


@lru_cache(maxsize=16)
def _extremes(change: Change, device: torch.device) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
    """What the largest and the smallest channel become, and saturation and value, by 256 * largest + smallest."""
    unit = torch.arange(256, dtype=torch.float64) / 255
    high, low = unit.repeat_interleave(256), unit.repeat(256)
    saturation, value = change(torch.where(high > low, (high - low) / high, 0), high)
    top, bottom = ((v * 255).clamp(0, 255).floor().float().to(device) for v in (value, value * (1 - saturation)))
    return top, bottom, (saturation.to(device), value.to(device))
