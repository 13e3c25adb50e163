"""Distortion of a codec under every shift."""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor

from shiftpress.core.codecnet import CodecNet
from shiftpress.core.records import Record
from shiftpress.core.tensors import State, in_channels_last
from shiftpress.evaluation.cells import CHUNK, Cell, PerImage, record
from shiftpress.objectives.base import distortion


def score_codec(net: CodecNet, cells: Iterable[Cell], **shared: Any) -> Iterator[Record]:
    """Distortion against the shifted image itself (Lei et al. 2021), and rate, in every cell."""
    for cell in cells:
        for metric, value in _measure(net, cell.images).items():
            yield record(cell, metric, value, phase="codecs", **shared)


def loss_of(net: CodecNet) -> PerImage:
    """What a white-box shift of a codec makes large: the distortion of the shifted image."""
    return lambda images, labels: distortion(images, net(images).images)


def examples(net: CodecNet, cells: Iterable[Cell], count: int) -> State:
    """Inputs and reconstructions of the first images of every cell, uint8, as ``<shift>/<severity>/<which>``."""
    found: State = {}
    for cell in cells:
        images = cell.images[:count]
        name, coded = f"{cell.shift}/{cell.severity:g}", _code(net, images)[0]
        found[f"{name}/input"] = (images * 255).round().to(torch.uint8)
        found[f"{name}/output"] = (coded * 255).round().to(torch.uint8)
    return found


def _measure(net: CodecNet, images: Tensor) -> dict[str, float]:
    """Means over images; squared errors in float64, so that the order of addition does not matter much."""
    coded, bits = _code(net, images)
    errors = (images - coded).double().square().flatten(1)
    return {
        "distortion_se": float(errors.sum(1).mean()),
        "psnr_db": float((-10 * errors.mean(1).clamp_min(1e-10).log10()).mean()),
        "rate_bits": float(bits.double().mean()),
    }


@torch.no_grad()
def _code(net: CodecNet, images: Tensor) -> tuple[Tensor, Tensor]:
    net, images = in_channels_last(net, images)
    coded = [net(chunk) for chunk in images.split(CHUNK)]
    return torch.cat([c.images for c in coded]), torch.cat([c.bits for c in coded])
