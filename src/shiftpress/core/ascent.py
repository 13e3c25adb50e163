"""The inner maximisation of distributionally robust optimisation over a Wasserstein ball.

By duality the worst image is argmax over x' of loss(x') - gamma |x' - x|^2 (Sinha, Namkoong, Duchi 2018; Lei et al.
2021, section 2.2), sought by gradient ascent with steps 1/sqrt(i), clipped to [0, 1].

With a reconstruction held fixed the objective has curvature 2 (gamma - 1), and steps longer than 1 / (gamma - 1)
overshoot: images run to black and white however dear moving is. So steps are no longer than that. Up to gamma = 2 they
are the paper's.
"""

from collections.abc import Callable

import torch
from torch import Tensor

PerImageLoss = Callable[[Tensor], Tensor]
"""Images (N, C, H, W) -> a differentiable loss per image, (N,)."""


def transport_cost(moved: Tensor, images: Tensor) -> Tensor:
    """Squared distance of each image from where it was, (N,)."""
    return (moved - images).square().flatten(1).sum(1)


def climb(found: Tensor, images: Tensor, loss: PerImageLoss, gamma: float, number: int) -> tuple[Tensor, Tensor]:
    """The Lagrangian (N,) at points (N, C, H, W), and where step ``number`` (from 1) leads."""
    found = found.detach().requires_grad_()
    value = loss(found) - gamma * transport_cost(found, images)
    (slope,) = torch.autograd.grad(value.sum(), found)
    length = min(number**-0.5, 1 / max(gamma - 1, 1))
    return value.detach(), (found.detach() + length * slope).clamp_(0, 1)


def ascend(images: Tensor, loss: PerImageLoss, gamma: float, steps: int) -> Tensor:
    """The last of so many steps from the images themselves."""
    found = images
    for number in range(1, steps + 1):
        _, found = climb(found, images, loss, gamma, number)
    return found
