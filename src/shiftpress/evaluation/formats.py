"""Image formats under every shift, by the measure that learned codecs are scored by."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from shiftpress.coding.classical import Format, compress
from shiftpress.core.records import Record
from shiftpress.evaluation.cells import Cell, Measure, score
from shiftpress.evaluation.codecs import fidelity


def score_formats(formats: Mapping[Format, Sequence[int]], cells: Iterable[Cell], **shared: Any) -> Iterator[Record]:
    """Every metric of every format at each of its qualities, in every cell, as models ``<format>/q<quality>``.

    A file of WebP takes a third of a millisecond, however small its image. Nothing is trained, so there is one value
    per cell, which stands at seed 0.
    """
    for cell in cells:
        for kind, qualities in formats.items():
            for quality in qualities:
                yield from score([cell], measure(kind, quality), model=f"{kind}/q{quality}", seed=0, **shared)


def measure(kind: Format, quality: int) -> Measure:
    """Distortion against the shifted image itself, and bits per image: ``file_bits`` of a file for each.

    ``disk_bits`` count what begins all files once, as a learned codec's stream counts its header once.
    """

    def of(images: Tensor, labels: Tensor) -> dict[str, float]:
        found = compress((images * 255).round().to(torch.uint8), kind, quality)
        alone = 8 * float(found.sizes.double().mean())
        together = alone - 8 * found.shared * (1 - 1 / len(images))
        return fidelity(images, found.images.float() / 255) | {"disk_bits": together, "file_bits": alone}

    return of
