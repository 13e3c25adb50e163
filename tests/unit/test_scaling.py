"""Convolutions that halve and double a side, against torch's own."""

import pytest
import torch
from torch.nn import functional as F

from shiftpress.codecs._scaling import NARROW, Double, Halve, spread

KERNELS = [4, 5]
LAYOUTS = {"channels first": torch.contiguous_format, "channels last": torch.channels_last}


def values(*shape: int, layout: str = "channels first") -> torch.Tensor:
    made = torch.randn(shape, generator=torch.Generator().manual_seed(len(shape) + sum(shape)), dtype=torch.float64)
    return made.contiguous(memory_format=LAYOUTS[layout]).requires_grad_()


def theirs(layer: Halve | Double, images: torch.Tensor) -> torch.Tensor:
    given = (images, layer.weight, layer.bias, layer.stride, layer.padding)
    return F.conv2d(*given) if isinstance(layer, Halve) else F.conv_transpose2d(*given, layer.output_padding)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    ("kind", "channels"), [(Halve, (1, 7)), (Halve, (NARROW, 24)), (Double, (7, 1)), (Double, (24, 16))]
)
def test_few_channels_give_the_same_numbers_and_gradients(kind, channels, kernel, layout):
    layer = kind(*channels, kernel).double()
    images = values(3, channels[0], 8, 6, layout=layout)
    own, other = layer(images), theirs(layer, images)
    torch.testing.assert_close(own, other, rtol=0, atol=1e-12)
    slope = torch.randn_like(other)
    inputs = [images, layer.weight, layer.bias]
    for ours, expected in zip(
        torch.autograd.grad(own, inputs, slope), torch.autograd.grad(other, inputs, slope), strict=True
    ):
        torch.testing.assert_close(ours, expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("kind", [Halve, Double])
def test_gradients_are_those_of_finite_differences(kind):
    layer = kind(2, 3, 4).double()
    assert torch.autograd.gradcheck(layer, values(2, 2, 4, 4))


@pytest.mark.parametrize("kind", [Halve, Double])
def test_held_weights_get_no_gradient(kind):
    layer, images = kind(2, 3, 4).double().requires_grad_(False), values(2, 2, 4, 4)
    layer(images).sum().backward()
    assert images.grad is not None and layer.weight.grad is None and layer.bias.grad is None


@pytest.mark.parametrize("kernel", KERNELS)
def test_sides_that_differ_are_spread_each_by_two(kernel):
    weight = values(3, 2, kernel, kernel)
    expected = F.conv_transpose2d(values(1, 3, 5, 2), weight, None, 2, (kernel - 1) // 2, kernel % 2)
    torch.testing.assert_close(spread(values(1, 3, 5, 2), weight), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", [Halve, Double])
def test_many_channels_are_left_to_torch(kind):
    layer, images = kind(NARROW + 1, NARROW + 1, 4).double(), values(1, NARROW + 1, 4, 4)
    assert torch.equal(layer(images), theirs(layer, images))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("channels", [1, 8])
def test_what_is_spread_lies_whole_in_memory(channels, kernel):
    found = spread(values(2, 6, 4, 4, layout="channels last"), values(6, channels, kernel, kernel))
    assert found.is_contiguous(memory_format=torch.channels_last), "normalisation is slow over a part of a tensor"
