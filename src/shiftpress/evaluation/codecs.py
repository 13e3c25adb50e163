"""Distortion of a codec under every shift."""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor

from shiftpress.coding.model import has_streams
from shiftpress.coding.sizes import sizes
from shiftpress.core.codecnet import FULL, CodecNet, distortion
from shiftpress.core.records import Record
from shiftpress.core.tensors import State
from shiftpress.evaluation.cells import CHUNK, Cell, Measure, PerImage, record, unshifted
from shiftpress.evaluation.shifts import ssim


def measure(net: CodecNet, stage: str = FULL) -> Measure:
    """Distortion against the shifted image itself (Lei et al. 2021), and rate, of one way to decode."""
    net = net.to(memory_format=torch.channels_last)  # once: over all layers it takes as long as a small batch
    return lambda images, labels: _measure(images, *_code(net, images, stage))


def on_disk(net: CodecNet, kind: str, cells: Iterable[Cell], stage: str = FULL, **shared: Any) -> Iterator[Record]:
    """Bits per image of streams that were really written, for the first cell whose images are as they were.

    ``disk_bits`` of one stream for all images, ``file_bits`` of a stream for each.
    """
    cell = next(unshifted(cells), None)
    if cell and has_streams(net):
        found = sizes(net, cell.images, stage, kind)
        yield record(cell, "disk_bits", found.together, **shared)
        yield record(cell, "file_bits", found.alone, **shared)


def loss_of(net: CodecNet, stage: str = FULL) -> PerImage:
    """What a white-box shift of a codec makes large: the distortion of the shifted image."""
    return lambda images, labels: distortion(images, net(images, stage).images)


def of_training(memory: State, **shared: Any) -> Iterator[Record]:
    """What the objective remembers of the training, as far as it is single numbers."""
    for name, value in memory.items():
        if value.ndim == 0:
            place = {"shift": "training", "severity": 0.0, "source": "regenerated", "n": 1}
            yield Record(metric=f"training_{name}", value=float(value), **place, **shared)


def examples(net: CodecNet, cells: Iterable[Cell], count: int) -> State:
    """Inputs and reconstructions of the first images of every cell, uint8, as ``<shift>/<severity>/<which>``."""
    found: State = {}
    net = net.to(memory_format=torch.channels_last)
    for cell in cells:
        images = cell.images[:count]
        name, coded = f"{cell.shift}/{cell.severity:g}", _code(net, images)[0]
        found[f"{name}/input"] = (images * 255).round().to(torch.uint8)
        found[f"{name}/output"] = (coded * 255).round().to(torch.uint8)
    return found


def fidelity(images: Tensor, coded: Tensor) -> dict[str, float]:
    """Means over images; squared errors in float64, so that the order of addition does not matter much."""
    errors = torch.linalg.vector_norm((images - coded).flatten(1).double(), dim=1).square()
    found = {
        "distortion_se": float(errors.mean()),
        "psnr_db": float((-10 * (errors / images[0].numel()).clamp_min(1e-10).log10()).mean()),
    }
    return found | {"ssim": float(ssim(images, coded).mean())} if images.shape[1] == 3 else found


def _measure(images: Tensor, coded: Tensor, bits: Tensor) -> dict[str, float]:
    return fidelity(images, coded) | {"rate_bits": float(bits.double().mean())}


@torch.no_grad()
def _code(net: CodecNet, images: Tensor, stage: str = FULL) -> tuple[Tensor, Tensor]:
    coded = [net(chunk, stage) for chunk in images.contiguous(memory_format=torch.channels_last).split(CHUNK)]
    return torch.cat([c.images for c in coded]), torch.cat([c.bits for c in coded])
