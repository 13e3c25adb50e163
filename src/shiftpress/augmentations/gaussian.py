"""White noise on some of the images."""

import torch
from pydantic import Field
from torch import Tensor

from shiftpress.augmentations.base import Augmentation


class Gaussian(Augmentation):
    """Add normal noise to each pixel with some probability per image, and clip (Kireev et al. 2021).

    The code of Diffenderfer et al. 2021 has sigma 0.1; that half of the images get it is inferred, not known. A sigma
    of 0.1 is the strongest gaussian_noise of CIFAR-10-C: these networks have seen one test corruption.
    """

    title = "Gaussian"

    sigma: float = Field(0.1, gt=0, le=1, description="standard deviation, of pixels in [0, 1]")
    probability: float = Field(0.5, gt=0, le=1, description="share of the images that get noise")

    def views(self, images: Tensor, random: torch.Generator) -> list[Tensor]:
        noisy = torch.rand(len(images), generator=random).to(images.device) < self.probability
        noise = torch.randn(images.shape, generator=random).to(images.device) * self.sigma
        return [torch.where(noisy[:, None, None, None], (images + noise).clamp(0, 1), images)]
