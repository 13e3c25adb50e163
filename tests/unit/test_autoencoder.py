"""Parts of the autoencoders, against torch's own."""

import copy

import pytest
import torch
from torch import nn

from shiftpress.codecs._autoencoder import Normalisation


def settled(layer: nn.BatchNorm2d) -> nn.BatchNorm2d:
    """In double precision, with statistics and weights of some batches."""
    layer, draws = layer.double(), torch.Generator().manual_seed(0)
    with torch.no_grad():
        layer.weight.uniform_(0.5, 2, generator=draws)
        layer.bias.normal_(generator=draws)
    for _ in range(3):
        layer(torch.randn(7, 5, 3, 4, generator=draws, dtype=torch.float64) * 3 + 1)
    return layer.eval()


@pytest.mark.parametrize("tracked", [True, False])
def test_settled_statistics_give_the_same_numbers_and_gradients(tracked):
    own = settled(Normalisation(5, track_running_stats=tracked))
    plain = nn.BatchNorm2d(5, track_running_stats=tracked).double().eval()
    plain.load_state_dict(own.state_dict())
    images = torch.randn(7, 5, 3, 4, dtype=torch.float64).contiguous(memory_format=torch.channels_last).requires_grad_()
    slope = torch.randn(7, 5, 3, 4, dtype=torch.float64)
    found, expected = own(images), plain(images)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    ours = torch.autograd.grad(found, [images, own.weight, own.bias], slope)
    theirs = torch.autograd.grad(expected, [images, plain.weight, plain.bias], slope)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-11)


def test_training_is_torchs_own():
    own = settled(Normalisation(5)).train()
    plain = nn.BatchNorm2d(5).double().train()
    plain.load_state_dict(own.state_dict())
    images = torch.randn(7, 5, 3, 4, dtype=torch.float64)
    assert torch.equal(own(images), plain(images))
    assert all(torch.equal(a, b) for a, b in zip(own.buffers(), plain.buffers(), strict=True))


def test_the_batch_of_one_image_does_not_move_the_others():
    own = copy.deepcopy(settled(Normalisation(5)))
    images = torch.randn(7, 5, 3, 4, dtype=torch.float64)
    torch.testing.assert_close(own(images[:1]), own(images)[:1], rtol=0, atol=0)


@pytest.mark.parametrize("tracked", [True, False])
def test_what_weights_alone_decide_is_calculated_once_while_they_are_held(tracked):
    own = settled(Normalisation(5, track_running_stats=tracked)).requires_grad_(False)
    images = torch.randn(7, 5, 3, 4, dtype=torch.float64)
    before = own(images)
    own.settle()
    assert torch.equal(own(images), before)
    own.weight.mul_(2)
    assert torch.equal(own(images), before) is tracked
    own.unsettle()
    assert not torch.equal(own(images), before)
