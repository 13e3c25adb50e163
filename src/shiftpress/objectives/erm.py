"""Empirical risk minimisation: the standard way to train, and the baseline of every robust one."""

from torch import Tensor

from shiftpress.core.codecnet import CodecNet
from shiftpress.core.tensors import State
from shiftpress.objectives.base import Objective, Step, mean_loss


class EmpiricalRisk(Objective):
    """Mean loss over the training images (Lei et al. 2021, "standard" training)."""

    title = "ERM"

    def loss(self, net: CodecNet, images: Tensor, step: Step, memory: State) -> tuple[Tensor, Tensor]:
        return mean_loss(net, images)
