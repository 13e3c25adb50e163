"""Networks made ready for attack say what they said, with the gradients they had."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from toy_attacks import Normed, images_of

from shiftpress.core.attackable import GreyConv2d, Halving, ready_for_attack

SIZES = [(5, 0), (3, 1), ((3, 5), (0, 2)), (1, 0)]


def pair(kernel, padding, *, bias=True):
    """A convolution and its grey twin, of other weights than at first."""
    plain = nn.Conv2d(1, 6, kernel, padding=padding, bias=bias)
    with torch.no_grad():
        for number, parameter in enumerate(plain.parameters()):
            parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(number)))
    return plain, GreyConv2d.of(plain)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("kernel", "padding"), SIZES)
def test_all_gradients_are_those_of_torch(kernel, padding, bias, layout):
    plain, grey = (layer.double().to(memory_format=layout) for layer in pair(kernel, padding, bias=bias))
    slopes, found = None, []
    for layer in (plain, grey):
        images = images_of(4).double().requires_grad_()
        said = layer(images)
        if slopes is None:
            slopes = torch.randn(said.shape, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
            slopes = slopes.contiguous(memory_format=layout)
        found.append(torch.autograd.grad(said, [images, *plain.parameters()], slopes))
    assert len(found[0]) == 2 + bias
    assert all(torch.allclose(a, b, rtol=1e-12, atol=1e-12) for a, b in zip(*found, strict=True))
    assert found[1][0].is_contiguous()


def test_a_network_made_ready_says_the_same_to_the_last_bit_and_keeps_its_names():
    net, images = Normed().to(memory_format=torch.channels_last), images_of(20)
    state = torch.random.get_rng_state()
    ready = ready_for_attack(Normed())
    assert torch.equal(torch.random.get_rng_state(), state), "no random number is drawn"
    assert isinstance(ready.body[0], GreyConv2d) and not any(layer.training for layer in ready.modules())
    assert list(ready.state_dict()) == list(net.state_dict())
    for followed in (False, True):
        assert torch.equal(ready(images.requires_grad_(followed)), net(images))
    other = Normed(seed=5).to(memory_format=torch.channels_last)
    ready.load_state_dict(other.state_dict())
    assert torch.equal(ready(images), other(images)) and not torch.equal(ready(images), net(images))


def test_in_bfloat16_the_gradient_is_torchs_own():
    net, ready = Normed().to(memory_format=torch.channels_last), ready_for_attack(Normed())
    found = []
    for one in (net, ready):
        images = images_of(20).requires_grad_()
        with torch.autocast("cpu", torch.bfloat16):
            loss = F.cross_entropy(one(images).float(), torch.zeros(20, dtype=torch.long))
        found.append(torch.autograd.grad(loss, images)[0])
    assert torch.equal(*found)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(3, 4, 3),
        nn.Conv2d(1, 4, 3, stride=2),
        nn.Conv2d(1, 4, 3, dilation=2),
        nn.Conv2d(1, 4, 3, padding="same"),
        nn.Conv2d(1, 4, 3, padding=1, padding_mode="reflect"),
    ],
)
def test_other_convolutions_are_left_as_they_are(layer):
    assert ready_for_attack(nn.Sequential(layer))[0] is layer


@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (2, 20, 9, 5), (1, 1, 2, 3)])
def test_halving_is_torchs_pooling_to_the_last_bit_with_its_gradient(shape):
    images = torch.randn(shape, generator=torch.Generator().manual_seed(0)).round(decimals=1)  # with ties
    images.view(-1)[1] = torch.nan
    images = images.contiguous(memory_format=torch.channels_last)
    plain, own = nn.MaxPool2d(2), ready_for_attack(nn.Sequential(nn.MaxPool2d(2)))[0]
    assert type(own) is Halving
    with torch.no_grad():
        assert torch.equal(own(images).nan_to_num(9), plain(images).nan_to_num(9))
        assert own(images).is_contiguous(memory_format=torch.channels_last)
    slopes = [
        torch.autograd.grad(layer(x).sum(), x)[0] for layer in (plain, own) for x in [images.clone().requires_grad_()]
    ]
    assert torch.equal(*slopes)


@pytest.mark.parametrize(
    "layer", [nn.MaxPool2d(3), nn.MaxPool2d(2, stride=1), nn.MaxPool2d(2, ceil_mode=True), nn.MaxPool2d(2, padding=1)]
)
def test_other_poolings_are_left_as_they_are(layer):
    assert ready_for_attack(nn.Sequential(layer))[0] is layer


def test_a_gradient_of_the_gradient_is_refused():
    grey, images = pair(3, 1)[1], images_of(2).requires_grad_()
    (slope,) = torch.autograd.grad(grey(images).square().sum(), images, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.sum().backward()
