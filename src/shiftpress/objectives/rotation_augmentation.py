"""Training on rotated images."""

import torch
from pydantic import Field
from torch import Tensor

from shiftpress.core.affine import Interpolation, rotation, warp
from shiftpress.core.codecnet import CodecNet
from shiftpress.core.tensors import State
from shiftpress.objectives.base import Objective, Step, mean_loss


class RotationAugmentation(Objective):
    """Mean loss over images of which a share is turned, each by its own angle, uniform on [-180, 180] degrees.

    Half is "DA rot/clean" of Lei et al. 2021 (section 2.6), 1 is "DA rot only". As with noise, chance decides which
    images are turned, so that all objectives take the same number of steps.
    """

    title = "rotation augmentation"

    share: float = Field(0.5, gt=0, le=1, description="share of the images that are turned; 0.5 or 1 in the paper")
    interpolation: Interpolation = Field("nearest", description="how pixels are looked up; nearest in the paper")

    def loss(self, net: CodecNet, images: Tensor, step: Step, memory: State) -> tuple[Tensor, Tensor]:
        degrees = torch.rand(len(images), generator=step.random) * 360 - 180
        chosen = torch.rand(len(images), generator=step.random) < self.share
        turned = warp(images, rotation((degrees * chosen).to(images.device), like=images), self.interpolation)
        return mean_loss(net, turned)
