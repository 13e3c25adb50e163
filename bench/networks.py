"""A network that has learned a little: what attacks and roundings are measured on."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shiftpress.core.catalog import component


def trained(kind: str, fields: dict, steps: int, batch: int, images: Tensor, labels: Tensor) -> nn.Module:
    """A network after some steps of Adam, in torch's own memory order."""
    torch.manual_seed(0)
    net = component("classifiers", kind)(**fields).build(tuple(images.shape[1:]), 10)
    net.normalise.fit(images)
    net.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    for _ in range(steps):
        rows = torch.randint(len(images), (batch,))
        optimizer.zero_grad()
        F.cross_entropy(net(images[rows]), labels[rows]).backward()
        optimizer.step()
    return net.to(memory_format=torch.contiguous_format).eval()
