"""The schedule that trains a residual code: first the base codec, then the codec of what it left."""

from pydantic import Field
from torch import Tensor

from shiftpress.core.codecnet import CodecNet
from shiftpress.core.tensors import State
from shiftpress.objectives._ball import WorstImages
from shiftpress.objectives.base import Step, mean_loss


class ResidualSchedule(WorstImages):
    """Structured code B of Lei et al. 2021, section 2.8: a base codec trained on clean images and then left alone.

    The second codec is trained on the residual of images that are worst for both together (that the images are worst
    ones is our reconstruction: no training script was published). The network keeps the base as it is in its last
    stage.
    """

    title = "residual schedule"
    structures = frozenset({"residual"})

    base_share: float = Field(0.5, gt=0, lt=1, description="share of the training that goes to the base codec")

    def loss(self, net: CodecNet, images: Tensor, step: Step, memory: State) -> tuple[Tensor, Tensor]:
        first, last = net.stages[0], net.stages[-1]
        if step.done < self.base_share:
            return mean_loss(net, images, first)
        return mean_loss(net, self.worst(net, images, memory, last), last)
