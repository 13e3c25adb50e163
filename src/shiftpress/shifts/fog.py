"""Fog: a fractal haze."""

import torch
from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import LARGE, Corruption


class Fog(Corruption):
    """x + a * haze, brought back to the image's largest value (Hendrycks and Dietterich 2019): (a, decay).

    The haze is a diamond-square fractal on a wrapping square map, whose side is the next power of two, and 256 at least
    for large images.
    """

    title = "fog"
    fidelity = "same operator, other random stream"
    table = {
        "cifar": ((0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75)),
        "imagenet": ((1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)),
        "mnist": ((0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75)),
    }
    piece = 1 << 18

    def corrupt(self, levels: Tensor, constants: tuple[float, float], draws: Draws) -> Tensor:
        longest = max(levels.shape[2:])
        side = max(256 if longest >= LARGE else 2, 1 << (longest - 1).bit_length())
        return veiled(levels, haze(draws.uniform(side * side), constants[1]), constants[0])


def veiled(levels: Tensor, maps: Tensor, amount: float) -> Tensor:
    """Levels behind maps (N, S, S) in [0, 1], whose upper left part is used."""
    height, width = levels.shape[2:]
    highest = levels.flatten(1).amax(1).view(-1, 1, 1, 1)
    mixed = levels + (maps[:, None, :height, :width] * (255 * amount))
    return mixed.mul_(highest / (highest + 255 * amount))


def haze(numbers: Tensor, decay: float) -> Tensor:
    """Diamond-square maps (N, S, S) from 0 to 1, of uniform numbers (N, S * S) in (0, 1), one for each point.

    A point is the mean of four neighbours plus a wobble, which falls by the square of the decay from scale to scale.
    Points are numbered in the order in which they are made.
    """
    side, count = int(numbers.shape[1] ** 0.5), len(numbers)
    # images last, so that rows of memory are long whatever the scale
    wobbles = (numbers * 2 - 1).T.contiguous()
    maps = torch.zeros(side, side, count, device=numbers.device)
    wobble, used, step = 1.0, 1, side
    while step > 1:
        half = step // 2
        shape = (side // step, side // step, count)
        points = shape[0] * shape[1]
        parts = [part.view(shape) * wobble for part in wobbles[used : used + 3 * points].split(points)]
        corners, used = maps[::step, ::step], used + 3 * points
        across = corners + corners.roll(-1, 1)
        middles = (across + across.roll(-1, 0)).mul_(0.25).add_(parts[0])
        maps[half::step, half::step] = middles
        # the middle of an edge lies between its ends and the middles on either side
        maps[::step, half::step] = (middles + middles.roll(1, 0) + across).mul_(0.25).add_(parts[1])
        down = corners + corners.roll(-1, 0)
        maps[half::step, ::step] = (middles + middles.roll(1, 1) + down).mul_(0.25).add_(parts[2])
        step, wobble = half, wobble / decay**2
    flat = maps.view(-1, count)
    maps = (flat - flat.amin(0)).T.reshape(count, side, side)
    return maps / maps.amax((1, 2), keepdim=True)
