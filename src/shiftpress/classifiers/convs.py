"""ConvS: a small network for studies on a CPU."""

from pydantic import Field
from torch import nn

from shiftpress.classifiers._layers import Norm, initialise, normaliser, scaled, too_small
from shiftpress.classifiers.base import Classifier, Normalise
from shiftpress.core.splits import Shape


class ConvS(Classifier):
    """Two 3x3 convolutions of 16 and 32 channels, each max-pooled, normalised and rectified; then 128-classes; no biases.

    Ours, not the paper's: 206 thousand prunable weights and 1.2 million multiplications on 28x28 grey images.
    """

    title = "ConvS"

    width: float = Field(1.0, gt=0, le=8, description="multiplies every layer's channels")
    norm: Norm = Field("affine", description="batch normalisation after each convolution: none, affine, or plain")

    def build(self, shape: Shape, classes: int) -> nn.Module:
        first, second, hidden = (scaled(channels, self.width) for channels in (16, 32, 128))
        net = nn.Sequential()
        net.add_module("normalise", Normalise(shape[0]))
        for number, (fan_in, out) in enumerate([(shape[0], first), (first, second)]):
            net.add_module(f"conv{number}", nn.Conv2d(fan_in, out, 3, padding=1, bias=False))
            # pooled first, so that the rest has a quarter of the work
            net.add_module(f"pool{number}", nn.MaxPool2d(2))
            if self.norm != "none":
                net.add_module(f"norm{number}", normaliser(self.norm, out))
            net.add_module(f"relu{number}", nn.ReLU())
        net.add_module("flatten", nn.Flatten())
        net.add_module("fc0", nn.Linear(second * (shape[1] // 4) * (shape[2] // 4), hidden, bias=False))
        net.add_module("relu_fc0", nn.ReLU())
        net.add_module("head", nn.Linear(hidden, classes, bias=False))
        return initialise(net)

    def misfit(self, shape: Shape) -> str | None:
        return too_small(shape, 4)
