"""Distortion of a codec under every shift."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from shiftpress.codecs.base import CodecNet
from shiftpress.core.records import Record
from shiftpress.core.tensors import State, in_channels_last
from shiftpress.shifts.base import Shifted

CHUNK = 250
"""Images coded at once; bounds memory."""


def score_codec(
    net: CodecNet, shifted: Mapping[str, Shifted], cell: Mapping[str, Any], fingerprint: str
) -> Iterator[Record]:
    """Distortion against the shifted image itself (Lei et al. 2021), and rate, for every shift and severity.

    ``cell`` holds the fields the records share.
    """
    for shift, images_at in shifted.items():
        for severity, images in images_at:
            for metric, value in _measure(net, images).items():
                yield Record(
                    **cell,
                    phase="codecs",
                    shift=shift,
                    severity=severity,
                    metric=metric,
                    value=value,
                    n=len(images),
                    fingerprint=fingerprint,
                )


def examples(net: CodecNet, shifted: Mapping[str, Shifted], count: int) -> State:
    """Inputs and reconstructions of the first images of the test set, uint8, as ``<shift>/<severity>/<which>``."""
    found: State = {}
    for shift, images_at in shifted.items():
        for severity, images in images_at:
            images = images[:count]
            coded = _code(net, images)[0]
            found[f"{shift}/{severity:g}/input"] = (images * 255).round().to(torch.uint8)
            found[f"{shift}/{severity:g}/output"] = (coded * 255).round().to(torch.uint8)
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
