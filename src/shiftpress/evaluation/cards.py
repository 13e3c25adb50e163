"""Accuracy of a classifier under every shift."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shiftpress.core.tensors import in_channels_last
from shiftpress.evaluation.cells import CHUNK, Measure, PerImage
from shiftpress.pruners.base import prunable


def measure(net: nn.Module) -> Measure:
    """Accuracy of a network."""
    return lambda images, labels: {"accuracy": accuracy(net, images, labels)}


def loss_of(net: nn.Module) -> PerImage:
    """What a white-box shift of a classifier makes large: the cross-entropy."""
    return lambda images, labels: F.cross_entropy(net(images), labels, reduction="none")


def sparsity(net: nn.Module) -> float:
    """Fraction of prunable weights that are zero."""
    weights = prunable(net).values()
    return float(sum((w == 0).sum() for w in weights) / sum(w.numel() for w in weights))


@torch.no_grad()
def accuracy(net: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Share of images (N, C, H, W) whose largest logit is at the label."""
    net, images = in_channels_last(net, images)
    right = [
        (net(chunk).argmax(1) == truth).sum()
        for chunk, truth in zip(images.split(CHUNK), labels.split(CHUNK), strict=True)
    ]
    return float(torch.stack(right).sum() / len(labels))
