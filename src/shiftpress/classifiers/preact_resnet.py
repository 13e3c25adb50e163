"""Pre-activation residual network, the one of the binary cards."""

from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn

from shiftpress.classifiers._layers import Norm, initialise, normaliser, scaled, too_small
from shiftpress.classifiers.base import Classifier, Filters, Normalise
from shiftpress.core.splits import Shape

Shortcuts = Literal["usual", "released"]


class PreActBlock(nn.Module):
    """Normalise, rectify, convolve, twice; the shortcut of a block that changes shape leaves after the rectifier.

    In the code of the released cards every shortcut does, and those with a convolution are normalised.
    """

    def __init__(
        self, channels: int, inner: int, out: int, stride: int, norm: Norm, shortcuts: Shortcuts, dropout: float
    ):
        super().__init__()
        self.norm1, self.norm2 = normaliser(norm, channels), normaliser(norm, inner)
        self.conv1 = nn.Conv2d(channels, inner, 3, stride=stride, padding=1, bias=False)
        self.conv2 = nn.Conv2d(inner, out, 3, padding=1, bias=False)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()
        self.shortcut = nn.Identity() if shortcuts == "released" else None
        if stride != 1 or channels != out:
            self.shortcut = nn.Conv2d(channels, out, 1, stride=stride, bias=False)
            if shortcuts == "released":
                self.shortcut = nn.Sequential(self.shortcut, normaliser(norm, out))

    def forward(self, x: Tensor) -> Tensor:
        ready = self.relu(self.norm1(x))
        past = x if self.shortcut is None else self.shortcut(ready)
        return past + self.conv2(self.dropout(self.relu(self.norm2(self.conv1(ready)))))


class PreActResNet(Classifier):
    """Two pre-activation blocks a stage (He et al. 2016), no biases, batch normalisation without scale and shift.

    The binary cards of Diffenderfer et al. 2021: their "WideResNet-18-2" has stages of 64, 192, 384, 768 channels and
    24.87 million weights, another network than the full-precision cards', and shortcuts of its own. With stages of 128,
    256, 512 channels on a stem of 16 it is WRN-16-8 (Zagoruyko and Komodakis 2016): 10.95 million.
    """

    title = "PreActResNet"

    stages: list[Annotated[int, Field(ge=1, le=4096)]] = Field(
        [64, 192, 384, 768], min_length=1, max_length=6, description="channels of each stage"
    )
    stem: int | None = Field(None, ge=1, le=4096, description="channels of the first layer; none: of the first stage")
    dropout: float = Field(0.0, ge=0, lt=1, description="share of features dropped inside each block, in training")
    width: float = Field(1.0, gt=0, le=8, description="multiplies every layer's channels")
    norm: Norm = Field("plain", description="batch normalisation: none, affine, or plain")
    shortcuts: Shortcuts = Field(
        "usual", description="as published (He et al. 2016), or as in the released cards' code"
    )

    def removable(self) -> list[Filters]:
        """The inner channels of every block; what shortcuts add up keeps its width."""
        return [
            Filters(
                f"{block}.conv1",
                scaled(wide, self.width),
                f"{block}.norm2" if self.norm != "none" else None,
                f"{block}.conv2",
            )
            for stage, wide in enumerate(self.stages)
            for block in (f"block{stage}a", f"block{stage}b")
        ]

    def build(self, shape: Shape, classes: int) -> nn.Module:
        channels, counts = scaled(self.stem or self.stages[0], self.width), self.counts
        net = nn.Sequential()
        net.add_module("normalise", Normalise(shape[0]))
        net.add_module("stem", nn.Conv2d(shape[0], channels, 3, padding=1, bias=False))
        for stage, wide in enumerate(self.stages):
            out = scaled(wide, self.width)
            how = (self.norm, self.shortcuts, self.dropout)
            for name, stride in ((f"block{stage}a", 2 if stage else 1), (f"block{stage}b", 1)):
                inner = counts[f"{name}.conv1"]
                net.add_module(name, PreActBlock(channels, inner, out, stride, *how))
                channels = out
        net.add_module("norm", normaliser(self.norm, channels))
        net.add_module("relu", nn.ReLU())
        net.add_module("pool", nn.AdaptiveAvgPool2d(1))
        net.add_module("flatten", nn.Flatten())
        net.add_module("head", nn.Linear(channels, classes, bias=False))
        return initialise(net)

    def misfit(self, shape: Shape) -> str | None:
        return too_small(shape, 2 ** (len(self.stages) - 1))
