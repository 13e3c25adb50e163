"""ConvN: the plain convolutional networks of the lottery-ticket papers."""

from typing import Literal

from pydantic import Field
from torch import nn

from shiftpress.classifiers._layers import Norm, in_a_row, initialise, normaliser, scaled, too_small
from shiftpress.classifiers.base import Classifier, Filters, Normalise
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

    def removable(self) -> list[Filters]:
        stages, normalised = list(enumerate(STAGES[: self.depth // 2])), self.norm != "none"
        convolutions = [(f"conv{number}{part}", stage, normalised) for number, stage in stages for part in "ab"]
        layers = [*convolutions, ("fc0", 256, False), ("fc1", 256, False)]
        return in_a_row([(name, scaled(count, self.width), norm) for name, count, norm in layers])

    def build(self, shape: Shape, classes: int) -> nn.Module:
        layers: list[tuple[str, nn.Module]] = [("normalise", Normalise(shape[0]))]
        channels, stages, counts = shape[0], self.depth // 2, self.counts
        for number in range(stages):
            for part in "ab":
                out = counts[f"conv{number}{part}"]
                layers.append((f"conv{number}{part}", nn.Conv2d(channels, out, 3, padding=1, bias=False)))
                if self.norm != "none":
                    layers.append((f"norm{number}{part}", normaliser(self.norm, out)))
                layers.append((f"relu{number}{part}", nn.ReLU()))
                channels = out
            layers.append((f"pool{number}", nn.MaxPool2d(2)))
        sides = [side // 2**stages for side in shape[1:]]
        layers += [
            ("flatten", nn.Flatten()),
            ("fc0", nn.Linear(channels * sides[0] * sides[1], counts["fc0"], bias=False)),
            ("relu_fc0", nn.ReLU()),
            ("fc1", nn.Linear(counts["fc0"], counts["fc1"], bias=False)),
            ("relu_fc1", nn.ReLU()),
            ("head", nn.Linear(counts["fc1"], classes, bias=False)),
        ]
        net = nn.Sequential()
        for name, layer in layers:
            net.add_module(name, layer)
        return initialise(net)

    def misfit(self, shape: Shape) -> str | None:
        return too_small(shape, 2 ** (self.depth // 2))
