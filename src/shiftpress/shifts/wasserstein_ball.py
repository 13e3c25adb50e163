"""The worst distribution within a Wasserstein ball around the test images, for each model anew."""

from collections.abc import Iterator
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from shiftpress.core.ascent import climb, transport_cost
from shiftpress.core.draws import Draws
from shiftpress.core.splits import Split
from shiftpress.shifts.base import Loss, WhiteBox

CHUNK = 250
"""Images perturbed at once; bounds memory."""
POINTS = 24
"""Points of a frontier at most."""
NEAR = 0.1
"""Standard deviation of the noise that further starts begin with."""


class WassersteinBall(WhiteBox):
    """sup of the mean loss over distributions with mean squared transport cost at most rho.

    By duality the worst image is argmax loss(x') - gamma |x' - x|^2 (Sinha, Namkoong, Duchi 2018; Lei et al. 2021,
    section 2.10): gradient ascent with steps 1/sqrt(i), clipped to [0, 1], from x or a random point near it, keeping
    the best point on the way. Every gamma gives a point (distance, loss). gamma starts at 2 and goes up and down by
    ``ratio`` until the distances reach beyond all severities. The ascent need not find the maximum, so the curve is a
    lower bound of the supremum; more steps and restarts raise it.
    """

    title = "Wasserstein ball"
    unit = "squared distance"

    severities: list[Annotated[float, Field(ge=0, le=10_000)]] = Field(
        [3, 6, 12, 20], min_length=1, max_length=100, description="rho, mean squared distance summed over an image"
    )
    steps: int = Field(15, ge=1, le=10_000, description="steps of ascent; 15 in the paper")
    restarts: int = Field(1, ge=1, le=100, description="starts; the first is the image itself, others are near it")
    ratio: float = Field(1.3, gt=1, le=10, description="from one gamma to the next; a small one gives many points")

    def frontier(self, test: Split, loss: Loss, draws: Draws) -> Iterator[Tensor]:
        images = test.pixels
        starts = [images]
        for number in range(1, self.restarts):
            near = NEAR * draws.normal(*images.shape[1:], stream=number).to(images)
            starts.append((images + near).clamp(0, 1))
        found, farthest, nearest = {}, max(self.severities), min(s for s in [*self.severities, 1e9] if s > 0)
        for factor, beyond in ((1 / self.ratio, lambda cost: cost >= farthest), (self.ratio, lambda c: c <= nearest)):
            gamma, cost = 2.0, None
            while len(found) < POINTS and not (cost is not None and beyond(cost)):
                if gamma not in found:
                    found[gamma] = self._worst(images, gamma, loss, starts)
                cost = float(transport_cost(found[gamma], images).mean())
                gamma *= factor
        reached = -1.0
        for gamma in sorted(found, reverse=True):
            # an ascent that failed to lead farther for less tells nothing new
            if (cost := float(transport_cost(found[gamma], images).mean())) > reached:
                reached = cost
                yield found[gamma]

    def _worst(self, images: Tensor, gamma: float, loss: Loss, starts: list[Tensor]) -> Tensor:
        """The best point of several ascents, image by image. All starts climb at once: small batches cost as much."""
        every = torch.arange(len(images), device=images.device)
        rows = every.repeat(len(starts))
        parts = zip(torch.cat(starts).split(CHUNK), rows.split(CHUNK), strict=True)
        found = [self._climbed(start, images[part], part, gamma, loss) for start, part in parts]
        points, values = (torch.cat(column) for column in zip(*found, strict=True))
        best = values.view(len(starts), -1).argmax(0)
        return points.view(len(starts), *images.shape)[best, every]

    def _climbed(self, found: Tensor, images: Tensor, rows: Tensor, gamma: float, loss: Loss) -> tuple[Tensor, Tensor]:
        """The best point on the way from each start, and the Lagrangian there."""
        best, best_value = images, torch.full((len(images),), -torch.inf, device=images.device)
        for number in range(1, self.steps + 2):
            at = found
            value, found = climb(at, images, lambda x: loss(x, rows), gamma, number)
            better = value > best_value
            best = torch.where(better.view(-1, 1, 1, 1), at, best)
            best_value = torch.where(better, value, best_value)
        return best, best_value
