"""How many images there are does not show in what layers say of one of them, not even in the last bit."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shiftpress.assembly import build
from shiftpress.codecs._scaling import spread
from shiftpress.codecs._steady import SteadyConv2d, SteadyLinear
from shiftpress.core.catalog import kinds

COUNTS = [1, 2, 3, 5, 31, 63]
LAYERS = {
    "linear, wide": (lambda: SteadyLinear(2048, 8), (2048,)),
    "linear, narrow": (lambda: SteadyLinear(10, 512), (10,)),
    "convolution": (lambda: SteadyConv2d(48, 32, 3, padding=1), (48, 4, 4)),
    "convolution that halves": (lambda: SteadyConv2d(64, 128, 3, 2, padding=1), (64, 2, 2)),
    "doubling, few channels": (lambda: Spread(32, 16, 4), (32, 8, 8)),
    "doubling, colour": (lambda: Spread(32, 3, 5), (32, 8, 8)),
    "doubling, grey": (lambda: Spread(32, 1, 5), (32, 16, 16)),
}


def ordered(images: Tensor) -> Tensor:
    return images.contiguous(memory_format=torch.channels_last) if images.ndim == 4 else images


@torch.no_grad()
def libraries_are_steady() -> bool:
    """Whether this processor's plain products and convolutions do not feel the batch, where layers rest on that."""
    draw = torch.Generator().manual_seed(0)
    values, deep = torch.randn(64, 32, 16, 16, generator=draw), torch.randn(64, 128, 2, 2, generator=draw)
    few, many = ordered(values[:2]), ordered(values)
    small, large, left = (torch.randn(*shape, generator=draw) for shape in ((8, 32, 3, 3), (8, 32, 5, 5), (36, 32)))
    up, columns = torch.randn(128, 32, 4, 4, generator=draw), values.transpose(0, 1).flatten(1)
    pairs = [
        (left @ columns[:, :256], (left @ columns)[:, :256]),
        (F.conv2d(few, small, padding=1), F.conv2d(many, small, padding=1)),
        (F.conv2d(few[:1], large, stride=2, padding=2), F.conv2d(many, large, stride=2, padding=2)),
        (F.conv_transpose2d(deep[:1], up, stride=2, padding=1), F.conv_transpose2d(deep, up, stride=2, padding=1)),
    ]
    return all(torch.equal(one, all_of[: len(one)]) for one, all_of in pairs)


class Spread(nn.ConvTranspose2d):
    """A transposed convolution as codecs do it where channels are few."""

    def forward(self, values: Tensor) -> Tensor:
        return spread(values, self.weight, self.bias)


STEADY = pytest.mark.skipif(
    not libraries_are_steady(),
    reason="this processor's own sums depend on the batch; docs/bitstream.md says what follows",
)


@STEADY
@pytest.mark.parametrize("layer", LAYERS)
@torch.no_grad()
def test_a_layer_says_the_same_of_few_as_of_many(layer):
    torch.manual_seed(0)
    make, shape = LAYERS[layer]
    net, values = make().eval().to(memory_format=torch.channels_last), ordered(torch.randn(64, *shape))
    many = net(values)
    for count in COUNTS:
        assert torch.equal(net(ordered(values[:count])), many[:count]), count


@STEADY
@pytest.mark.parametrize("shape", [(1, 32, 32), (3, 64, 64)], ids=["grey", "colour"])
@pytest.mark.parametrize("kind", kinds("codecs"))
@torch.no_grad()
def test_a_codec_says_the_same_of_few_as_of_many(kind, shape):
    torch.manual_seed(0)
    net = build("codecs", {"kind": kind}).build(shape).eval()
    net.freeze()
    net.to(memory_format=torch.channels_last)
    images = ordered(torch.rand(64, *shape))
    many = net(images)
    for count in COUNTS:
        few = net(ordered(images[:count]))
        assert torch.equal(few.images, many.images[:count]) and torch.equal(few.bits, many.bits[:count]), count


def test_layers_are_torchs_own_but_for_that():
    torch.manual_seed(0)
    rows, images = torch.randn(3, 20), torch.randn(1, 4, 6, 6)
    for layer, values, plain in (
        (SteadyLinear(20, 5), rows, F.linear),
        (SteadyConv2d(4, 7, 3, padding=1), images, lambda x, w, b: F.conv2d(x, w, b, padding=1)),
    ):
        for training in (True, False):
            found, values = layer.train(training)(values), values.detach().requires_grad_()
            expected = plain(values, layer.weight, layer.bias)
            assert torch.allclose(found, expected, atol=1e-6) and found.shape == expected.shape
            slopes = torch.autograd.grad(layer(values).square().sum(), [values, *layer.parameters()])
            plainly = torch.autograd.grad(expected.square().sum(), [values, *layer.parameters()])
            for one, other in zip(slopes, plainly, strict=True):
                assert torch.allclose(one, other, atol=1e-4)
