"""Spatter of water or mud, one of the four additional common corruptions."""

import torch
from torch import Tensor
from torch.nn import functional as F

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import Corruption
from shiftpress.shifts._edges import distance, edges
from shiftpress.shifts._gaussian import smooth

WATER, MUD = (175, 238, 238), (63, 42, 20)
RELIEF = ((-2, -1, 0), (-1, 1, 1), (0, 1, 2))


class Spatter(Corruption):
    """Drops of water, lit at their rims, or blots of mud (Hendrycks and Dietterich 2019).

    Constants are (mean, deviation, smoothing, threshold, strength or smoothing of mud, mud).
    """

    title = "spatter"
    fidelity = "same operator, other random stream"
    monotone = "the constants for CIFAR change from water to mud at severity 4"
    piece = 1 << 18
    table = {
        "cifar": (
            (0.62, 0.1, 0.7, 0.7, 0.5, False),
            (0.65, 0.1, 0.8, 0.7, 0.5, False),
            (0.65, 0.3, 1, 0.69, 0.5, False),
            (0.65, 0.1, 0.7, 0.69, 0.6, True),
            (0.65, 0.1, 0.5, 0.68, 0.6, True),
        ),
        "imagenet": (
            (0.65, 0.3, 4, 0.69, 0.6, False),
            (0.65, 0.3, 3, 0.68, 0.6, False),
            (0.65, 0.3, 2, 0.68, 0.5, False),
            (0.65, 0.3, 1, 0.65, 1.5, True),
            (0.67, 0.4, 1, 0.65, 1.5, True),
        ),
        "mnist": (
            (0.62, 0.1, 0.7, 0.7, 0.5, False),
            (0.65, 0.1, 0.8, 0.7, 0.5, False),
            (0.65, 0.3, 1, 0.69, 0.5, False),
            (0.65, 0.3, 1, 0.65, 0.6, False),
            (0.7, 0.3, 1, 0.65, 0.7, False),
        ),
    }

    def corrupt(self, levels: Tensor, constants: tuple[float, ...], draws: Draws) -> Tensor:
        mean, deviation, *rest = constants
        return splashed(levels, draws.normal(*levels.shape[2:]).mul_(deviation).add_(mean), *rest)


def splashed(levels: Tensor, noise: Tensor, smoothing: float, threshold: float, strength: float, mud: bool) -> Tensor:
    """Levels under drops made of noise (N, H, W)."""
    liquid = smooth(noise, smoothing)
    colour = levels.new_tensor(MUD if mud else WATER).view(3, 1, 1)
    if levels.shape[1] == 1:
        colour = (colour * colour.new_tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(0, keepdim=True)
    if mud:
        cover = smooth(liquid > threshold, strength)
        cover = cover.mul_(cover >= 0.8).float()[:, None]
        return levels * (1 - cover) + cover * colour
    # levels past 255 start again, as in the published cast
    drops = liquid.mul_(liquid >= threshold).mul_(255).int() & 255
    drops = drops * relief(drops)
    highest = drops.flatten(1).amax(1).clamp_(min=1e-6).view(-1, 1, 1)
    return levels + drops.div_(highest).mul_(strength)[:, None] * colour


def relief(drops: Tensor) -> Tensor:
    """Light on drops (N, H, W) of whole levels, float32: distances to rims, equalised, lit from a corner."""
    spread = _equalised(_boxed(distance(edges(drops, 50, 150))).floor_().long())
    wide = F.pad(spread[:, None], (1, 1, 1, 1), mode="reflect")[:, 0]
    height, width = drops.shape[1:]
    lit = torch.zeros_like(spread)
    for row, weights in enumerate(RELIEF):
        for column, weight in enumerate(weights):
            lit += wide[:, row : row + height, column : column + width] * weight
    return _boxed(lit.clamp_(0, 255)).add_(0.5).floor_()


def _boxed(values: Tensor) -> Tensor:
    """Mean over 3 x 3 pixels, edges mirrored."""
    wide = F.pad(values[:, None], (1, 1, 1, 1), mode="reflect")[:, 0].double()
    rows = wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:]
    return (rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]).mul_(1 / 9).float()


def _equalised(levels: Tensor) -> Tensor:
    """Whole levels 0 to 255 (N, H, W) spread so that their histogram fills the range, float32."""
    count, total = len(levels), levels[0].numel()
    shelf = levels + torch.arange(count, device=levels.device).view(-1, 1, 1) * 256
    histogram = torch.bincount(shelf.flatten(), minlength=count * 256).view(count, 256)
    upto = histogram.cumsum(1)
    lowest = (upto == 0).sum(1, keepdim=True)
    least = histogram.gather(1, lowest)
    # a picture of one level stays as it is
    scale = 255 / (total - least).float()
    spread = ((upto - least).float() * scale).round_().clamp_(0, 255)
    spread = torch.where(least == total, torch.arange(256, device=levels.device).float(), spread)
    return spread.take(shelf)
