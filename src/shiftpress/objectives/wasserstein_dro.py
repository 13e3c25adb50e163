"""Distributionally robust optimisation over a Wasserstein ball."""

from torch import Tensor

from shiftpress.core.codecnet import CodecNet
from shiftpress.core.tensors import State
from shiftpress.objectives._ball import WorstImages
from shiftpress.objectives.base import Step, mean_loss


class WassersteinDRO(WorstImages):
    """Mean loss of the worst images within reach; clean images are never seen (Lei et al. 2021, section 2.2)."""

    title = "Wasserstein DRO"

    def loss(self, net: CodecNet, images: Tensor, step: Step, memory: State) -> tuple[Tensor, Tensor]:
        return mean_loss(net, self.worst(net, images, memory, net.stages[-1]))
