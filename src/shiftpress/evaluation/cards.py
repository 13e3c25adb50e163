"""Accuracy of a classifier under every shift."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from shiftpress.core.records import Record
from shiftpress.core.tensors import in_channels_last
from shiftpress.pruners.base import prunable
from shiftpress.shifts.base import Shifted

CHUNK = 250
"""Images classified at once; bounds memory."""


def score_card(
    net: nn.Module,
    labels: Tensor,
    shifted: Mapping[str, Shifted],
    cell: Mapping[str, Any],
    fingerprint: str,
) -> Iterator[Record]:
    """Accuracy for every shift and severity, and once the sparsity. ``cell`` holds the fields the records share."""
    for shift, images_at in shifted.items():
        for severity, images in images_at:
            yield Record(
                **cell,
                phase="cards",
                shift=shift,
                severity=severity,
                metric="accuracy",
                value=accuracy(net, images, labels),
                n=len(labels),
                fingerprint=fingerprint,
            )


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
