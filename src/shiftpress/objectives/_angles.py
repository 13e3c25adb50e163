"""The inner maximisation over rotations, for the objectives that train where a codec does worst."""

import torch
from torch import Generator, Tensor

from shiftpress.core.affine import Interpolation, rotation, warp
from shiftpress.core.codecnet import FULL, CodecNet
from shiftpress.objectives.base import held


def turned(images: Tensor, degrees: float, interpolation: Interpolation) -> Tensor:
    """Images (N, C, H, W), all turned by one angle."""
    return warp(images, rotation(torch.tensor(degrees, device=images.device), like=images), interpolation)


@torch.no_grad()
def worst_turned(
    net: CodecNet, images: Tensor, angles: int, interpolation: Interpolation, random: Generator, stage: str = FULL
) -> Tensor:
    """The images turned by that of so many random angles at which a stage's mean loss is largest."""
    drawn = torch.rand(angles, generator=random) * 360 - 180
    # all angles in one batch: an image in a large one costs two thirds of one in a small one
    every = torch.cat([turned(images, degrees, interpolation) for degrees in drawn.tolist()])
    with held(net):
        losses = net.loss(every, stage)[0].view(angles, -1).mean(1)
    return every[int(losses.argmax()) * len(images) :][: len(images)]
