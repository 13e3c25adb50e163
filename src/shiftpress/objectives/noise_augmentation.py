"""Training on noisy images: the cheap way to be robust, and the baseline of the dear ones."""

import torch
from pydantic import Field
from torch import Tensor

from shiftpress.core.codecnet import CodecNet
from shiftpress.core.tensors import State
from shiftpress.objectives.base import Objective, Step, mean_loss


class NoiseAugmentation(Objective):
    """Mean loss over images of which a share carries Gaussian noise, clipped to [0, 1].

    The variance is radius / (C H W), so that the noise moves an image by ``radius`` on average before clipping and lies
    in the ball of the same radius (Lei et al. 2021, section 2.4). The paper joins a clean and a noisy copy of the
    training set, which doubles the steps of an epoch; here each image is noisy or not by chance, with fresh noise in
    every pass, so that all objectives take the same number of steps.
    """

    title = "noise augmentation"

    radius: float = Field(20.1, gt=0, le=1e6, description="mean squared distance of the noise, summed over an image")
    share: float = Field(0.5, gt=0, le=1, description="share of the images that are noisy; half in the paper")

    def loss(self, net: CodecNet, images: Tensor, step: Step, memory: State) -> tuple[Tensor, Tensor]:
        noise = torch.randn(images.shape, generator=step.random).to(images)
        chosen = (torch.rand(len(images), 1, 1, 1, generator=step.random) < self.share).to(images)
        sigma = (self.radius / images[0].numel()) ** 0.5
        return mean_loss(net, (images + sigma * chosen * noise).clamp(0, 1))
