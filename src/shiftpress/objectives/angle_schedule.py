"""Training of the code with the angle as side information: two tasks side by side."""

import torch
from torch import Tensor
from torch.nn import functional as F

from shiftpress.core.affine import rotation, warp
from shiftpress.core.codecnet import CodecNet
from shiftpress.core.tensors import State
from shiftpress.objectives.base import Objective, Step, mean_loss


class AngleSchedule(Objective):
    """Structured code C of Lei et al. 2021, section 2.9.

    The autoencoder is trained on the images as they are, the finder on images turned by random angles, with
    cross-entropy over the angles. They share no weight, so that the sum of both losses trains each as if alone, as in
    the paper, where they are trained apart and not fine-tuned together.
    """

    title = "angle supervision"
    structures = frozenset({"angle"})

    def loss(self, net: CodecNet, images: Tensor, step: Step, memory: State) -> tuple[Tensor, Tensor]:
        classes = net.finder[-1].out_features
        picks = torch.randint(classes, (len(images),), generator=step.random).to(images.device)
        turned = warp(images, rotation(picks * (360 / classes) - 180, like=images), "nearest")
        upright, bits = mean_loss(net, images, net.stages[0])
        return upright + F.cross_entropy(net.finder(turned), picks), bits
