"""ConvN: the plain convolutional networks of the lottery-ticket papers."""

from typing import Literal

from pydantic import Field
from torch import nn

from shiftpress.classifiers._layers import Norm, initialise, normaliser, scaled, too_small
from shiftpress.classifiers.base import Classifier, Normalise
from shiftpress.core.splits import Shape

STAGES = (64, 128, 256, 512)


class ConvN(Classifier):
    """N 3x3 convolutions in pairs of 64, 128, 256, 512 channels, a 2x2 max-pool after each pair, then 256-256-classes.

    Conv2, 4, 6, 8 of Frankle & Carbin 2019, as Diffenderfer et al. 2021 have them: no biases, no batch normalisation.
    On 32x32 colour images with 10 classes they have 4.301, 2.425, 2.261 and 5.276 million prunable weights.
    """

    title = "ConvN"

    depth: Literal[2, 4, 6, 8] = Field(4, description="N, number of convolutions")
    width: float = Field(1.0, gt=0, le=8, description="multiplies every layer's channels")
    norm: Norm = Field("none", description="batch normalisation after each convolution: none, affine, or plain")

    def build(self, shape: Shape, classes: int) -> nn.Module:
        layers: list[tuple[str, nn.Module]] = [("normalise", Normalise(shape[0]))]
        channels, stages = shape[0], STAGES[: self.depth // 2]
        for number, stage in enumerate(stages):
            out = scaled(stage, self.width)
            for part, fan_in in (("a", channels), ("b", out)):
                layers.append((f"conv{number}{part}", nn.Conv2d(fan_in, out, 3, padding=1, bias=False)))
                if self.norm != "none":
                    layers.append((f"norm{number}{part}", normaliser(self.norm, out)))
                layers.append((f"relu{number}{part}", nn.ReLU()))
            layers.append((f"pool{number}", nn.MaxPool2d(2)))
            channels = out
        sides = [side // 2 ** len(stages) for side in shape[1:]]
        hidden = scaled(256, self.width)
        layers += [
            ("flatten", nn.Flatten()),
            ("fc0", nn.Linear(channels * sides[0] * sides[1], hidden, bias=False)),
            ("relu_fc0", nn.ReLU()),
            ("fc1", nn.Linear(hidden, hidden, bias=False)),
            ("relu_fc1", nn.ReLU()),
            ("head", nn.Linear(hidden, classes, bias=False)),
        ]
        net = nn.Sequential()
        for name, layer in layers:
            net.add_module(name, layer)
        return initialise(net)

    def misfit(self, shape: Shape) -> str | None:
        return too_small(shape, 2 ** (self.depth // 2))
