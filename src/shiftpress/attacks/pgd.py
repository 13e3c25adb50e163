"""Projected gradient ascent (Madry et al. 2018)."""

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from shiftpress.attacks.base import BallAttack, Chance, into_ball, slope, steepest, wrong


class PGD(BallAttack):
    """Random starts in the ball, steps of 2.5 eps / steps along the steepest slope of the cross-entropy.

    Of all points of all starts an image keeps the one of the largest loss, the image itself among them; it is left as
    soon as it is misclassified.
    """

    title = "PGD"

    steps: int = Field(50, ge=1, le=10_000, description="from each start")
    restarts: int = Field(1, ge=1, le=1000, description="random starts")

    def moved(self, net: nn.Module, images: Tensor, labels: Tensor, strength: float, chance: Chance) -> Tensor:
        worst, highest = images.clone(), torch.full((len(images),), -torch.inf, device=images.device)
        rows = torch.arange(len(images), device=images.device)
        lost = self._look(net, images, images, labels, worst, highest, rows)[0]
        for restart in range(self.restarts):
            rows = (~lost).nonzero().flatten()
            if not len(rows):
                break
            start = start_within(images[rows], strength, self.norm, chance[rows], restart)
            self._climb(net, start, images, labels, strength, worst, highest, rows)
            lost[rows] = highest[rows] == torch.inf
        return worst

    def _climb(self, net, points, images, labels, eps, worst, highest, rows) -> None:
        """From one start for each of the rows; worst and highest are brought up to date in place."""
        length = 2.5 * eps / self.steps
        for number in range(self.steps + 1):
            lost, gradient = self._look(net, points, images, labels, worst, highest, rows)
            left = ~lost
            if number == self.steps or not left.any():
                return
            points, gradient, rows = points[left], gradient[left], rows[left]
            points = into_ball(points + length * steepest(gradient, self.norm), images[rows], eps, self.norm)

    def _look(self, net, points, images, labels, worst, highest, rows) -> tuple[Tensor, Tensor]:
        """Which points are misclassified, and the slopes there. A misclassified one has an infinite loss."""
        said = []

        def loss(x: Tensor) -> Tensor:
            said.append(net(x))
            return F.cross_entropy(said[0], labels[rows], reduction="none")

        values, gradient = slope(loss, points)
        lost = wrong(said[0].detach(), labels[rows])
        values = values.masked_fill(lost, torch.inf)
        better = values > highest[rows]
        worst[rows[better]], highest[rows[better]] = points[better], values[better]
        return lost, gradient


def start_within(images: Tensor, eps: float, norm: str, chance: Chance, number: int) -> Tensor:
    """Uniformly random points of the balls, brought into [0, 1]; others for every number."""
    shape = images.shape[1:]
    if norm == "linf":
        return into_ball(images + eps * (2 * chance.draws.uniform(*shape, stream=number) - 1), images, eps, norm)
    directions = steepest(chance.draws.normal(*shape, stream=2 * number), norm)
    radii = eps * chance.draws.uniform(1, 1, 1, stream=2 * number + 1) ** (1 / shape.numel())
    return into_ball(images + radii * directions, images, eps, norm)
