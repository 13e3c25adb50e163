"""The schedule that trains a nested code: clean images for the prefix, worst ones for the whole."""

import torch
from pydantic import Field
from torch import Tensor

from shiftpress.core.codecnet import CodecNet
from shiftpress.core.tensors import State
from shiftpress.objectives._ball import WorstImages
from shiftpress.objectives.base import Step, mean_loss


class NestedSchedule(WorstImages):
    """Structured code A of Lei et al. 2021, section 2.7: after a warm-up, a coin decides about each batch.

    Either the first stage is trained on clean images, or the last one on images that are worst for it. Nothing is
    detached: both train the one encoder. In the paper the last stage never sees a clean image; ``clean_whole`` is the
    ablation in which it does.
    """

    title = "nested schedule"
    structures = frozenset({"nested"})

    warm_up: float = Field(1 / 6, ge=0, lt=1, description="share of the training that is clean; 10 of 60 epochs")
    share: float = Field(0.5, gt=0, lt=1, description="share of worst batches after it; half in the paper")
    clean_whole: bool = Field(False, description="whether the last stage is trained on clean batches as well")

    def loss(self, net: CodecNet, images: Tensor, step: Step, memory: State) -> tuple[Tensor, Tensor]:
        first, last = net.stages[0], net.stages[-1]
        # drawn in the warm-up too, so that batches mean the same for every warm-up
        heads = float(torch.rand((), generator=step.random)) < self.share
        if heads and step.done >= self.warm_up:
            return mean_loss(net, self.worst(net, images, memory, last), last)
        prefix, bits = mean_loss(net, images, first)
        return (prefix + mean_loss(net, images, last)[0], bits) if self.clean_whole else (prefix, bits)
