"""Residual networks for small images."""

from typing import Literal

from pydantic import Field
from torch import nn

from shiftpress.classifiers._layers import Norm, initialise, normaliser, scaled, too_small
from shiftpress.classifiers.base import Classifier, Filters, Normalise
from shiftpress.core.splits import Shape

DEPTHS = {
    8: ((16, 32, 64), (1, 1, 1)),
    20: ((16, 32, 64), (3, 3, 3)),
    18: ((64, 128, 256, 512), (2, 2, 2, 2)),
    34: ((64, 128, 256, 512), (3, 4, 6, 3)),
}
"""Layers -> channels of the stages, and blocks in each (He et al. 2016)."""


class ResNet(Classifier):
    """Basic blocks on a 3x3 stem of stride 1 without pooling, 1x1 convolutions in the shortcuts, mean over positions.

    18 is the full-precision card's network of Diffenderfer et al. 2021: 11.164 million prunable weights at width 1; at
    width 2 the 44.64 million of their "WideResNet-18-2". 34 is the CIFAR network of Gui et al. 2019: 21.265 million.
    8 and 20 are the CIFAR networks of 16, 32, 64 channels.
    """

    title = "ResNet"

    depth: Literal[8, 18, 20, 34] = Field(
        18, description="layers: 18 and 34 have four stages, 8 and 20 have three narrow ones"
    )
    width: float = Field(1.0, gt=0, le=8, description="multiplies every layer's channels")
    norm: Norm = Field("affine", description="batch normalisation: none, affine, or plain")
    head_bias: bool = Field(True, description="whether the last layer has biases")

    def removable(self) -> list[Filters]:
        """The inner channels of every block; what shortcuts add up keeps its width."""
        found = []
        for stage, (wide, blocks) in enumerate(zip(*DEPTHS[self.depth], strict=True)):
            for block in (f"block{stage}{letter}" for letter in "abcdef"[:blocks]):
                norm = f"{block}.bn1" if self.norm != "none" else None
                found.append(Filters(f"{block}.conv1", scaled(wide, self.width), norm, f"{block}.conv2"))
        return found

    def build(self, shape: Shape, classes: int) -> nn.Module:
        (stages, blocks), counts = DEPTHS[self.depth], self.counts
        channels = scaled(stages[0], self.width)
        net = nn.Sequential()
        net.add_module("normalise", Normalise(shape[0]))
        net.add_module("stem", nn.Conv2d(shape[0], channels, 3, padding=1, bias=False))
        net.add_module("norm", normaliser(self.norm, channels))
        net.add_module("relu", nn.ReLU())
        for stage, wide in enumerate(stages):
            out = scaled(wide, self.width)
            for number in range(blocks[stage]):
                stride = 2 if stage and not number else 1
                name = f"block{stage}{'abcdef'[number]}"
                net.add_module(name, self._block(channels, out, stride, counts[f"{name}.conv1"]))
                channels = out
        net.add_module("pool", nn.AdaptiveAvgPool2d(1))
        net.add_module("flatten", nn.Flatten())
        net.add_module("head", nn.Linear(channels, classes, bias=self.head_bias))
        return initialise(net)

    def _block(self, channels: int, out: int, stride: int, inner: int) -> nn.Module:
        # torchvision takes two seconds to import, and only who builds needs it
        from torchvision.models.resnet import BasicBlock

        shortcut = None
        if stride != 1 or channels != out:
            projection = nn.Conv2d(channels, out, 1, stride=stride, bias=False)
            shortcut = nn.Sequential(projection, normaliser(self.norm, out))
        block = BasicBlock(channels, out, stride, shortcut, norm_layer=lambda count: normaliser(self.norm, count))
        if inner != out:  # torchvision's block has no such thing
            block.conv1 = nn.Conv2d(channels, inner, 3, stride=stride, padding=1, bias=False)
            block.bn1 = normaliser(self.norm, inner)
            block.conv2 = nn.Conv2d(inner, out, 3, padding=1, bias=False)
        return block

    def misfit(self, shape: Shape) -> str | None:
        return too_small(shape, 8)
