"""Elastic transform: small parts stretch and turn."""

import torch
from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import LARGE, Corruption
from shiftpress.shifts._gaussian import smooth
from shiftpress.shifts._sampling import displaced, warped


class ElasticTransform(Corruption):
    """A random affine map, then a smooth random displacement (Hendrycks and Dietterich 2019, after Simard et al. 2003).

    Constants are (displacement, smoothing, affine) as shares of the side, which for ImageNet is published as 244, for
    images of 224. The affine map looks up 32nds of a pixel, as OpenCV did until 4.11.
    """

    title = "elastic transform"
    fidelity = "same operator, other random stream"
    piece = 1 << 17
    monotone = "the constants for CIFAR move whole images less and less, and their parts more and more"
    table = {
        "cifar": ((0, 0, 0.08), (0.05, 0.2, 0.07), (0.08, 0.06, 0.06), (0.1, 0.04, 0.05), (0.1, 0.03, 0.03)),
        "imagenet": ((2, 0.7, 0.1), (2, 0.08, 0.2), (0.05, 0.01, 0.02), (0.07, 0.01, 0.02), (0.12, 0.01, 0.02)),
        "mnist": ((0.04, 0.08, 0.02), (0.06, 0.06, 0.03), (0.08, 0.06, 0.04), (0.1, 0.05, 0.05), (0.12, 0.05, 0.06)),
    }

    def corrupt(self, levels: Tensor, constants: tuple[float, float, float], draws: Draws) -> Tensor:
        shortest = min(levels.shape[2:])
        side = shortest * 244 / 224 if shortest >= LARGE else shortest
        alpha, sigma, affine = (side * constant for constant in constants)
        moves = (draws.uniform(3, 2).double() * 2 - 1) * affine
        field = draws.uniform(2, *levels.shape[2:], stream=1) * 2 - 1 if alpha else None
        return stretched(levels, moves, field, alpha, sigma)


def stretched(levels: Tensor, moves: Tensor, field: Tensor | None, alpha: float, sigma: float) -> Tensor:
    """Levels mapped so that three points move by (N, 3, 2) pixels, x before y, then displaced by alpha * field.

    The field (N, 2, H, W), columns before rows, in [-1, 1], is smoothed before.
    """
    turned = warped(levels / 255, *_affine(moves, *levels.shape[2:]))
    if field is None:
        return turned.mul_(255)
    height, width = levels.shape[2:]
    across, down = smooth(field.flatten(0, 1), sigma, "reflect", 3).mul_(alpha).float().view_as(field).unbind(1)
    rows, columns = _line(height, levels)[:, None] + down, _line(width, levels) + across
    return displaced(turned, rows, columns).mul_(255)


def _affine(moves: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Rows and columns (N, H, W) that each pixel is looked up at, in 32nds."""
    third = min(height, width) // 3
    # the published centre has rows and columns the other way round; it matters for images that are not square
    around = moves.new_tensor([[third, third], [third, -third], [-third, -third]])
    start = around + moves.new_tensor([height // 2, width // 2])
    horizontal, vertical = _inverse_map(start, (start + moves).float().double())
    x, y = _line(width, moves), _line(height, moves)
    places = []
    for a, b, c in (vertical, horizontal):
        along = (a[:, None] * x * 1024).round_()
        down = ((b[:, None] * y + c[:, None]) * 1024).round_() + 16
        places.append(((down[:, :, None] + along[:, None]) / 32).floor_().div_(32))
    return places[0], places[1]


def _inverse_map(start: Tensor, end: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Coefficients of the affine map that takes the points end (N, 3, 2) to start (3, 2), for x and for y."""
    (x0, y0), (x1, y1), (x2, y2) = (end[:, corner].unbind(1) for corner in range(3))
    area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
    axes = []
    for value in start.T:
        first, second = value[1] - value[0], value[2] - value[0]
        a = (first * (y2 - y0) - second * (y1 - y0)) / area
        b = (second * (x1 - x0) - first * (x2 - x0)) / area
        axes.append((a, b, value[0] - a * x0 - b * y0))
    return axes


def _line(side: int, like: Tensor) -> Tensor:
    return torch.arange(side, dtype=torch.float64, device=like.device)
