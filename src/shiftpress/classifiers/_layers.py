"""Layers that several classifiers are made of."""

from typing import Literal

import torch
from torch import Tensor, nn

from shiftpress.classifiers.base import Filters
from shiftpress.core.normalisation import BatchNorm

Norm = Literal["none", "affine", "plain"]
"""No normalisation of features; batch normalisation with scale and shift; batch normalisation without."""


def normaliser(norm: Norm, channels: int) -> nn.Module:
    """What follows a convolution of so many channels."""
    if norm == "none":
        return nn.Identity()
    return BatchNorm(channels, affine=norm == "affine")


def scaled(channels: int, width: float) -> int:
    """A number of channels under a width multiplier, at least one."""
    return max(1, round(channels * width))


def flattened_in_order() -> nn.Flatten:
    """A flattening for networks in channels last that stand behind a rectifier.

    What follows it passes gradients back with channels first, so that the rectifier would meet two orders: a tenth of a
    step of ConvS in bfloat16, a fortieth in float32 (measured). The numbers are the same.
    """
    layer = nn.Flatten()
    layer.register_forward_pre_hook(_keep_order)
    return layer


def _keep_order(layer: nn.Module, taken: tuple[Tensor]) -> None:
    if taken[0].grad_fn is not None and taken[0].is_contiguous(memory_format=torch.channels_last):
        taken[0].grad_fn.register_prehook(_in_channels_last)


def _in_channels_last(gradients: tuple[Tensor]) -> tuple[Tensor]:
    return (gradients[0].contiguous(memory_format=torch.channels_last),)


def initialise(net: nn.Module) -> nn.Module:
    """Kaiming-normal weights by fan-in, biases zero, in the order of the modules (open_lth, of the LTH and LRR cards).

    Batch normalisation starts as the identity here; open_lth draws its scales from U(0, 1).
    """
    for layer in net.modules():
        # where no numbers are kept there is nothing to draw, for which torch would take a millisecond a layer
        if isinstance(layer, (nn.Conv2d, nn.Linear)) and not layer.weight.is_meta:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return net


def in_a_row(layers: list[tuple[str, int, bool]], head: str = "head") -> list[Filters]:
    """What can be removed of layers (name, outputs, whether normalised) that each read the one before.

    A layer's normalisation has the layer's name with ``conv`` replaced by ``norm``.
    """
    readers = [*(name for name, _, _ in layers[1:]), head]
    return [
        Filters(name, count, name.replace("conv", "norm") if normalised else None, reader)
        for (name, count, normalised), reader in zip(layers, readers, strict=True)
    ]


def too_small(shape: tuple[int, ...], least: int) -> str | None:
    """Why images of this shape (C, H, W) do not fit a network that halves them so often."""
    if min(shape[1:]) < least:
        return f"sides must be at least {least}, not {shape[1]}x{shape[2]}"
    return None
