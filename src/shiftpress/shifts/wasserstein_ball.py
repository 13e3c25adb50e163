"""The worst distribution within a Wasserstein ball around the test images, for each model anew."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts.base import Loss, Shift

CHUNK = 250
"""Images perturbed at once; bounds memory."""


class WassersteinBall(Shift):
    """sup of the mean loss over distributions with mean squared transport cost at most rho.

    By duality the worst image is argmax loss(x') - gamma |x' - x|^2 (Sinha, Namkoong, Duchi 2018; Lei et al. 2021):
    gradient ascent with steps 1/sqrt(i), clipped to [0, 1], from x or a random point near it, keeping the best point on
    the way. The multiplier gamma is found by bisection on the mean cost. The ascent need not find the maximum, so the
    loss is a lower bound of the supremum; more steps and restarts raise it.
    """

    title = "Wasserstein ball"
    unit = "squared distance"
    white_box = True

    severities: list[Annotated[float, Field(ge=0, le=10_000)]] = Field(
        [3, 6, 12, 20], min_length=1, max_length=100, description="rho, mean squared distance summed over an image"
    )
    steps: int = Field(15, ge=1, le=10_000, description="steps of ascent; 15 in the paper")
    restarts: int = Field(1, ge=1, le=100, description="starts; the first is the image itself, others are near it")
    probe: int = Field(100, ge=1, le=10_000, description="images on which gamma is sought")
    bisections: int = Field(10, ge=1, le=60, description="halvings of the interval of gamma")

    def perturb(self, images: Tensor, severity: float, loss: Loss, draws: Draws) -> Tensor:
        if severity == 0:
            return images.clone()
        noise = [draws.normal(*images.shape[1:], stream=start).to(images) for start in range(1, self.restarts)]
        noise = [0.1 * step for step in noise]
        gamma = self._multiplier(images[: self.probe], severity, loss, [n[: self.probe] for n in noise])
        worst = torch.cat(
            [
                self._worst(images[rows], rows, gamma, loss, [n[rows] for n in noise])
                for rows in (slice(start, start + CHUNK) for start in range(0, len(images), CHUNK))
            ]
        )
        # gamma was found on some images only: shrink what lies outside the ball, so that the bound holds for all
        moved = _cost(worst, images).mean()
        return images + (worst - images) * (severity / moved.clamp_min(1e-12)).sqrt().clamp_max(1)

    def _multiplier(self, images: Tensor, rho: float, loss: Loss, noise: list[Tensor]) -> float:
        """gamma at which the worst images lie rho away on average; the distance falls as gamma rises."""
        low, high = -10.0, 10.0  # powers of two
        for _ in range(self.bisections):
            middle = (low + high) / 2
            worst = self._worst(images, slice(0, len(images)), 2**middle, loss, noise)
            low, high = (middle, high) if _cost(worst, images).mean() > rho else (low, middle)
        return 2**low

    def _worst(self, images: Tensor, rows: slice, gamma: float, loss: Loss, noise: list[Tensor]) -> Tensor:
        """The best point of several ascents, image by image."""
        best, best_value = images, torch.full((len(images),), -torch.inf, device=images.device)
        for start in [torch.zeros_like(images), *noise]:
            found = (images + start).clamp(0, 1)
            for step in range(1, self.steps + 2):
                found = found.detach().requires_grad_()
                value = loss(found, rows) - gamma * _cost(found, images)
                better = value.detach() > best_value
                best = torch.where(better.view(-1, 1, 1, 1), found.detach(), best)
                best_value = torch.where(better, value.detach(), best_value)
                (slope,) = torch.autograd.grad(value.sum(), found)
                found = (found.detach() + slope / step**0.5).clamp(0, 1)
        return best


def _cost(moved: Tensor, images: Tensor) -> Tensor:
    """Squared distance of each image from where it was, (N,)."""
    return (moved - images).square().flatten(1).sum(1)
