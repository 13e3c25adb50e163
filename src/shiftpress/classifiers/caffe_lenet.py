"""CaffeLeNet: the LeNet that ships with Caffe, used by papers on compression of small networks."""

from pydantic import Field
from torch import nn

from shiftpress.classifiers._layers import in_a_row, initialise, scaled, too_small
from shiftpress.classifiers.base import Classifier, Filters, Normalise
from shiftpress.core.splits import Shape


class CaffeLeNet(Classifier):
    """5x5 convolutions of 20 and 50 channels without padding, each 2x2 max-pooled, then 500-classes; with biases.

    The only rectifier stands between the two linear layers. 430,500 prunable weights on 28x28 grey images.
    """

    title = "LeNet"

    width: float = Field(1.0, gt=0, le=8, description="multiplies every layer's channels")

    def removable(self) -> list[Filters]:
        layers = (("conv0", 20), ("conv1", 50), ("fc0", 500))
        return in_a_row([(name, scaled(count, self.width), False) for name, count in layers])

    def build(self, shape: Shape, classes: int) -> nn.Module:
        first, second, hidden = self.counts.values()
        rows, columns = (((side - 4) // 2 - 4) // 2 for side in shape[1:])
        net = nn.Sequential()
        net.add_module("normalise", Normalise(shape[0]))
        net.add_module("conv0", nn.Conv2d(shape[0], first, 5))
        net.add_module("pool0", nn.MaxPool2d(2))
        net.add_module("conv1", nn.Conv2d(first, second, 5))
        net.add_module("pool1", nn.MaxPool2d(2))
        net.add_module("flatten", nn.Flatten())
        net.add_module("fc0", nn.Linear(second * rows * columns, hidden))
        net.add_module("relu_fc0", nn.ReLU())
        net.add_module("head", nn.Linear(hidden, classes))
        return initialise(net)

    def misfit(self, shape: Shape) -> str | None:
        return too_small(shape, 16)
