"""The schedule that trains a nested code for rotations: upright images for the prefix, the worst for the whole."""

import torch
from pydantic import Field
from torch import Tensor

from shiftpress.core.affine import Interpolation
from shiftpress.core.codecnet import CodecNet
from shiftpress.core.tensors import State
from shiftpress.objectives._angles import worst_turned
from shiftpress.objectives.base import Objective, Step, mean_loss


class NestedRotation(Objective):
    """Structured code A of Lei et al. 2021 with rotations in the place of the ball: our reconstruction.

    The authors' notebooks score such a code on runs that they gave up for code C (section 2.9); the search of their
    script for it compares images as they are, whatever the angle (section 6). So the schedule is that of section 2.7,
    and the worst images are those of section 2.5: a batch turned by the worst of some random angles.
    """

    title = "nested schedule, rotations"
    structures = frozenset({"nested"})

    angles: int = Field(8, ge=2, le=360, description="random angles of which the worst is trained on")
    warm_up: float = Field(1 / 6, ge=0, lt=1, description="share of the training that is upright; 10 of 60 epochs")
    share: float = Field(0.5, gt=0, lt=1, description="share of turned batches after it; half in the paper")
    interpolation: Interpolation = Field("nearest", description="how pixels are looked up; nearest in the paper")

    def loss(self, net: CodecNet, images: Tensor, step: Step, memory: State) -> tuple[Tensor, Tensor]:
        first, last = net.stages[0], net.stages[-1]
        # drawn in the warm-up too, so that batches mean the same for every warm-up
        heads = float(torch.rand((), generator=step.random)) < self.share
        if heads and step.done >= self.warm_up:
            return mean_loss(net, worst_turned(net, images, self.angles, self.interpolation, step.random, last), last)
        return mean_loss(net, images, first)
