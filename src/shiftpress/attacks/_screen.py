"""A quick search before a thorough one."""

import torch
from pydantic import Field
from torch import Tensor, nn

from shiftpress.attacks.base import BallAttack, Chance, into_ball, slope, steepest


class Screen(BallAttack):
    """Gradient ascent in bfloat16 from the image towards one wrong class after the other, the likeliest first.

    What it finds is confirmed by the network in float32 like every other find, and what it leaves is attacked in
    float32 from scratch: it can only make an evaluation faster, never milder. An image keeps the point at which the
    wrong class leads most, well beyond the boundary where the two precisions could disagree.
    """

    title = "screening"
    follows = "margin"

    steps: int = Field(20, ge=1, le=1000, description="towards each class")
    targets: int = Field(9, ge=1, le=1000, description="classes aimed at; no more than there are")

    def moved(self, net: nn.Module, images: Tensor, labels: Tensor, strength: float, chance: Chance) -> Tensor:
        with torch.autocast(images.device.type, torch.bfloat16):
            with torch.no_grad():
                others = net(images).float().scatter(1, labels[:, None], -torch.inf)
            aims = others.argsort(dim=1, descending=True, stable=True)[:, : min(self.targets, others.shape[1] - 1)]
            found, lead = images.clone(), torch.full((len(images),), -torch.inf, device=images.device)
            for aim in aims.T:
                rows = (lead <= 0).nonzero().flatten()
                if len(rows):
                    self._towards(net, images, labels, aim, strength, rows, found, lead)
        return found

    def _towards(self, net, images, labels, aim, eps, rows, found, lead) -> None:
        """For some rows, with one class; what was found and its lead are brought up to date in place."""
        points, length = images[rows], 2.5 * eps / self.steps
        pair = torch.stack([aim[rows], labels[rows]], 1)

        def margin(x: Tensor) -> Tensor:
            own = net(x).float().gather(1, pair)
            return own[:, 0] - own[:, 1]

        for number in range(self.steps + 1):
            values, gradient = slope(margin, points)
            better = values > lead[rows]
            found[rows[better]], lead[rows[better]] = points[better], values[better]
            if number < self.steps:
                points = into_ball(points + length * steepest(gradient, self.norm), images[rows], eps, self.norm)
