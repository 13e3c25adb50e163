"""Optimisers beside torch's own."""

from functools import partial

import pytest
import torch
from torch import Tensor, nn

from shiftpress.training.optimisers import SGD, Adam

DECAY = 0.05
OWN = {
    "adam": (Adam, torch.optim.Adam),
    "sgd": (partial(SGD, momentum=0.9), partial(torch.optim.SGD, momentum=0.9, nesterov=True)),
    "without momentum": (partial(SGD, momentum=0.0), torch.optim.SGD),
}


def trained(make, layout: torch.memory_format, turned: bool = False) -> list[Tensor]:
    """Weights of a small network after some steps, of which every third leaves out the last layer."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3)).to(memory_format=layout)
    optimiser = make(net.parameters(), lr=0.001, weight_decay=DECAY)
    for number in range(12):
        images = torch.rand(5, 3, 8, 8, generator=torch.Generator().manual_seed(number))
        optimiser.zero_grad()
        (net[:2] if number % 3 == 2 else net)(images).square().sum().backward()
        for weight in net.parameters():
            if turned and weight.dim() > 1 and weight.grad is not None:
                weight.grad = weight.grad.mT.contiguous().mT
                assert weight.grad.stride() != weight.stride()
        optimiser.step()
    return [weight.detach() for weight in net.parameters()]


@pytest.mark.parametrize("kind", OWN)
def test_weights_are_those_of_torchs_class_in_every_layout(kind):
    own, torchs = OWN[kind]
    expected, still = (
        trained(torchs, torch.contiguous_format),
        trained(lambda weights, **_: Adam(weights, 0.0), torch.contiguous_format),
    )
    assert not any(torch.allclose(a, b, rtol=0, atol=1e-4) for a, b in zip(expected, still, strict=True))
    for layout in (torch.contiguous_format, torch.channels_last):
        for found, other in zip(trained(own, layout), expected, strict=True):
            torch.testing.assert_close(found, other, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", OWN)
def test_the_memory_order_of_gradients_does_not_matter(kind):
    own, layout = OWN[kind][0], torch.channels_last
    for found, other in zip(trained(own, layout, turned=True), trained(own, layout), strict=True):
        assert torch.equal(found, other)


@pytest.mark.parametrize("kind", OWN)
def test_a_weight_without_a_gradient_stays(kind):
    moved, still = (nn.Parameter(torch.ones(2)) for _ in range(2))
    optimiser = OWN[kind][0]([moved, still], 0.1, DECAY)
    for _ in range(2):
        moved.grad = torch.ones(2)
        optimiser.step()
    assert torch.equal(still, torch.ones(2)) and not torch.equal(moved, torch.ones(2))
