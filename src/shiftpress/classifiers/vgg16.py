"""VGG16 for small images."""

from pydantic import Field
from torch import nn

from shiftpress.classifiers._layers import Norm, in_a_row, initialise, normaliser, scaled, too_small
from shiftpress.classifiers.base import Classifier, Filters, Normalise
from shiftpress.core.splits import Shape

STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


class VGG16(Classifier):
    """Thirteen 3x3 convolutions in five stages with 2x2 max-pools between, mean over positions, one linear layer.

    As in the sister study (RobustNets 2022): batch normalisation after every convolution, 14.71 million prunable
    weights in convolutions and 5,120 in the linear layer. Its last 2x2 mean is a mean over all positions here.
    """

    title = "VGG16"

    width: float = Field(1.0, gt=0, le=8, description="multiplies every layer's channels")
    norm: Norm = Field("affine", description="batch normalisation: none, affine, or plain")

    def removable(self) -> list[Filters]:
        layers = [
            (f"conv{stage}{part}", scaled(wide, self.width), self.norm != "none")
            for stage, wides in enumerate(STAGES)
            for part, wide in zip("abc"[: len(wides)], wides, strict=True)
        ]
        return in_a_row(layers)

    def build(self, shape: Shape, classes: int) -> nn.Module:
        net, channels, counts = nn.Sequential(), shape[0], self.counts
        net.add_module("normalise", Normalise(channels))
        for stage, wides in enumerate(STAGES):
            if stage:
                net.add_module(f"pool{stage - 1}", nn.MaxPool2d(2))
            for part in "abc"[: len(wides)]:
                out = counts[f"conv{stage}{part}"]
                net.add_module(f"conv{stage}{part}", nn.Conv2d(channels, out, 3, padding=1, bias=False))
                net.add_module(f"norm{stage}{part}", normaliser(self.norm, out))
                net.add_module(f"relu{stage}{part}", nn.ReLU())
                channels = out
        net.add_module("pool", nn.AdaptiveAvgPool2d(1))
        net.add_module("flatten", nn.Flatten())
        net.add_module("head", nn.Linear(channels, classes))
        return initialise(net)

    def misfit(self, shape: Shape) -> str | None:
        return too_small(shape, 16)
