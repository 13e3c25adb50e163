"""Glass blur: as through a frosted pane."""

import torch
from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import Corruption
from shiftpress.shifts._gaussian import blur


class GlassBlur(Corruption):
    """Blur, pixels taking over a neighbour's colour, blur (Hendrycks and Dietterich 2019): (sigma, reach, rounds).

    Published as a swap of neighbours, the code copies: an array of colours hands out views. Pixels are visited from the
    last to the first, rows outermost, and those nearer to the edge than the reach stay.
    """

    title = "glass blur"
    fidelity = "same operator, other random stream"
    monotone = "with the constants for CIFAR, a wider blur softens what one round of copying does"
    table = {
        "cifar": ((0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2)),
        "imagenet": ((0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)),
        "mnist": ((0.4, 1, 1), (0.4, 1, 2), (0.4, 1, 3), (0.4, 1, 4), (0.4, 2, 5)),
    }

    def corrupt(self, levels: Tensor, constants: tuple[float, int, int], draws: Draws) -> Tensor:
        sigma, reach, rounds = constants
        height, width = levels.shape[2:]
        # both offsets from one draw: the published odds to 1 in 65,536
        picks = draws.integers(rounds, height - 2 * reach, width - 2 * reach).mul_((2 * reach) ** 2) >> 16
        steps = torch.arange(-reach, reach, device=levels.device)
        return through(levels, sigma, reach, (steps[:, None] * width + steps).take(picks.long()))


def through(levels: Tensor, sigma: float, reach: int, steps: Tensor) -> Tensor:
    """Levels seen through glass; steps (N, rounds, H - 2 reach, W - 2 reach) are rows * W + columns from each pixel.

    Rows and columns lie between -reach and reach - 1.
    """
    soft = blur(levels.double().div_(255), sigma).mul_(255).floor_().float()
    flat = soft.flatten(2)
    for number in range(steps.shape[1]):
        source = sources(steps[:, number], levels.shape[3], reach)
        flat = flat.gather(2, source[:, None].expand_as(flat))
    return blur(flat.view_as(soft).double().div_(255), sigma).clamp_(0, 1).mul_(255)


def sources(steps: Tensor, width: int, reach: int) -> Tensor:
    """Which pixel each takes its colour from in one round, (N, H * W): steps, followed where they make chains."""
    count, rows, columns = steps.shape
    height = rows + 2 * reach
    place = torch.arange(height * width, device=steps.device)
    source = place.view(1, height, width).repeat(count, 1, 1)
    # visited are the rows from reach + 1 to H - reach, and likewise the columns
    inside = source[:, reach + 1 : reach + 1 + rows, reach + 1 : reach + 1 + columns]
    inside += steps
    return source.flatten(1) if reach == 1 else _followed(source.flatten(1), place)


def _followed(source: Tensor, place: Tensor) -> Tensor:
    """A later place was visited before and has a new colour already: follow it to where that one came from."""
    size = len(place)
    # as a graph, places first and the untouched colours after them; with reach 1 no place reads a later one
    leap = torch.cat([torch.where(source > place, source, source + size), (place + size).expand_as(source)], dim=1)
    while (leap[:, :size] < size).any():
        leap = leap.gather(1, leap)
    return leap[:, :size] - size
