"""Accuracy, calibration and size of a classifier."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shiftpress.core.attackable import pooled_quickly
from shiftpress.core.records import Record
from shiftpress.evaluation.calibration import brier_score, expected_calibration_error
from shiftpress.evaluation.cells import CHUNK, Measure, PerImage
from shiftpress.packing.card import pack
from shiftpress.packing.sizes import sizes
from shiftpress.pruners.base import prunable


def measure(net: nn.Module) -> Measure:
    """Accuracy and calibration of a network."""
    ready = _ready(net)
    return lambda images, labels: _measure(_said(ready, images), labels)


def loss_of(net: nn.Module) -> PerImage:
    """What a white-box shift of a classifier makes large: the cross-entropy."""
    return lambda images, labels: F.cross_entropy(net(images), labels, reduction="none")


def sparsity(net: nn.Module) -> float:
    """Fraction of prunable weights that are zero."""
    weights = prunable(net).values()
    return float(sum((w == 0).sum() for w in weights) / sum(w.numel() for w in weights))


def of_storage(
    net: nn.Module, kind: str, fields: dict[str, Any], shape: tuple[int, int, int], classes: int, **shared: Any
) -> Iterator[Record]:
    """Bytes of the network as a card file that loses nothing, beside the usual ways of counting."""
    place = {"shift": "storage", "severity": 0.0, "source": "regenerated", "n": 1}
    for metric, value in sizes(pack(net.state_dict(), kind, fields, shape, classes)).items():
        yield Record(metric=metric, value=value, **place, **shared)


def logits(net: nn.Module, images: Tensor) -> Tensor:
    """Logits (N, K) for images (N, C, H, W); the network is made ready for many of them, in place."""
    return _said(_ready(net), images)


def _ready(net: nn.Module) -> nn.Module:
    # the images stay as they are: to normalise colours one after the other takes a third of the time
    return pooled_quickly(net).to(memory_format=torch.channels_last)


@torch.no_grad()
def _said(ready: nn.Module, images: Tensor) -> Tensor:
    return torch.cat([ready(chunk) for chunk in images.split(CHUNK)])


def _measure(logits: Tensor, labels: Tensor) -> dict[str, float]:
    probabilities = logits.double().softmax(1)
    return {
        "accuracy": float((logits.argmax(1) == labels).double().mean()),
        "ece": expected_calibration_error(probabilities, labels),
        "brier": brier_score(probabilities, labels),
    }
