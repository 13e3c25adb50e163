"""The inner maximisation of adversarial training: the worst image within a distance of each pixel.

Projected gradient ascent along signs (Madry et al. 2018), in [0, 1]. The images of a batch do not know of each other.
"""

import torch
from torch import Tensor

from shiftpress.core.ascent import PerImageLoss


def start(images: Tensor, radius: float, noise: Tensor) -> Tensor:
    """Where noise (N, C, H, W) in [-1, 1] puts the images at first."""
    return (images + radius * noise).clamp_(0, 1)


def ascend_signs(images: Tensor, begin: Tensor, loss: PerImageLoss, radius: float, step: float, steps: int) -> Tensor:
    """Images (N, C, H, W) within ``radius`` of the given ones, after so many steps up the loss from ``begin``.

    A slope of zero is no direction: such a pixel stays.
    """
    low, high = (images - radius).clamp_(min=0), (images + radius).clamp_(max=1)
    found = begin
    for _ in range(steps):
        found = found.detach().requires_grad_()
        (slope,) = torch.autograd.grad(loss(found).sum(), found)
        found = found.detach().add(slope.sign_(), alpha=step).clamp_(low, high)
    return found.detach()
