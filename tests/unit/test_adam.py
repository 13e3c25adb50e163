"""Adam beside torch's own."""

import torch
from torch import Tensor, nn

from shiftpress.training.adam import Adam


def trained(make, layout: torch.memory_format) -> list[Tensor]:
    """Weights of a small network after some steps, of which every third leaves out the last layer."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3)).to(memory_format=layout)
    optimizer = make(net.parameters(), lr=0.01)
    for number in range(12):
        images = torch.rand(5, 3, 8, 8, generator=torch.Generator().manual_seed(number))
        optimizer.zero_grad()
        (net[:2] if number % 3 == 2 else net)(images).square().sum().backward()
        optimizer.step()
    return [weight.detach() for weight in net.parameters()]


def test_weights_are_those_of_torchs_adam_in_every_layout():
    expected = trained(torch.optim.Adam, torch.contiguous_format)
    for layout in (torch.contiguous_format, torch.channels_last):
        for own, other in zip(trained(Adam, layout), expected, strict=True):
            torch.testing.assert_close(own, other, rtol=0, atol=1e-5)


def test_a_weight_without_a_gradient_stays():
    moved, still = (nn.Parameter(torch.ones(2)) for _ in range(2))
    optimizer = Adam([moved, still], 0.1)
    for _ in range(2):
        moved.grad = torch.ones(2)
        optimizer.step()
    assert torch.equal(still, torch.ones(2)) and not torch.equal(moved, torch.ones(2))
