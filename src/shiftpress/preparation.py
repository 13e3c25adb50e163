"""How the images of a dataset become fixed splits, and how they are measured."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from shiftpress.core.pixels import pixel_digest, set_digest
from shiftpress.core.problems import InputError
from shiftpress.core.splits import SPLITS, Shape, Split
from shiftpress.datasets.base import UNKNOWN, WHOLE, Dataset, Item, Part


def split_of(digest: bytes, part: str | None, val_fraction: float, test_fraction: float) -> str:
    """The split of an image, from its official part and a fixed uniform draw: the sha256 of its pixels."""
    draw = int.from_bytes(digest[8:16], "big") / 2**64
    if part == "test" or (part is None and draw < test_fraction):
        return "test"
    start = test_fraction if part is None else 0.0
    return "val" if draw < start + val_fraction else "train"


@dataclass(frozen=True)
class Row:
    """An image that was kept: where it stood in the source (or in its official part), and what it is."""

    position: int
    image: np.ndarray
    label: int


Rows = dict[bytes, Row]
Digests = dict[str, list[tuple[bytes, int]]]
"""Pixel digest and label of every image of each part."""


def prepare(dataset: Dataset) -> tuple[dict[str, Split], dict[str, Any]]:
    """Read, deduplicate, split and resize. Returns the splits and the facts of the dataset's card.

    Each split is in the order of the digests, so that the first k images are a fixed random sample. An image that
    stands in both official parts counts as a test image. Raises InputError if a split stays empty, or if the images
    are not those that the card promises.
    """
    found: dict[str, Rows] = {name: {} for name in SPLITS}
    parts: Digests = {}
    for item, digest in _digested(dataset, parts):
        position = len(parts[item.part or WHOLE]) - 1
        split = split_of(digest, item.part, dataset.val_fraction, dataset.test_fraction)
        # every position counts where another set's images are replaced one by one, even if two have become the same
        key = digest + position.to_bytes(4, "big") if dataset.test_only else digest
        found[split].setdefault(key, Row(position, item.image, item.label))
    for name in ("train", "val"):
        found[name] = {d: row for d, row in found[name].items() if d not in found["test"]}
    measured = _measured(dataset, parts)
    facts = {"read": sum(map(len, parts.values())), "kept": sum(map(len, found.values())), **asdict(dataset.card)}
    facts |= {"classes": list(dataset.classes), "shape": list(dataset.shape)}
    facts["parts"] = {name: asdict(part) for name, part in measured.items()}
    facts["pixels_sha256"] = {
        name: set_digest((digest[:32], row.label) for digest, row in rows.items()) for name, rows in found.items()
    }
    splits = {name: _assemble(dataset, name, rows) for name, rows in found.items()}
    facts["images"] = {name: len(split) for name, split in splits.items()}
    return splits, facts


def measure(dataset: Dataset) -> dict[str, Part]:
    """Count and digest of every part that the source has. Raises InputError if the card says otherwise."""
    parts: Digests = {}
    for _ in _digested(dataset, parts):
        pass
    return _measured(dataset, parts)


def _digested(dataset: Dataset, parts: Digests) -> Iterator[tuple[Item, bytes]]:
    """Every image with its pixel digest, which is also noted under its part."""
    labels = range(len(dataset.classes))
    for item in dataset.read():
        if item.label not in labels:
            raise InputError(f"{dataset.raw[0]}: label {item.label} is none of {len(labels)} classes")
        digest = pixel_digest(item.image)
        parts.setdefault(item.part or WHOLE, []).append((digest, item.label))
        yield item, digest


def _measured(dataset: Dataset, parts: Digests) -> dict[str, Part]:
    measured = {name: Part(len(rows), set_digest(rows)) for name, rows in parts.items()}
    for name, promised in dataset.known.items():
        part = measured.get(name, Part(0))
        if part.images != promised.images or promised.sha256 not in (UNKNOWN, part.sha256):
            raise InputError(
                f"{dataset.raw[0]}: these are not the published images: part {name!r} has {part.images:,} with digest "
                f"{part.sha256}; the card promises {promised.images:,} with {promised.sha256}"
            )
    return measured


def _assemble(dataset: Dataset, name: str, rows: Rows) -> Split:
    chosen = sorted(rows)[: dataset.limit]
    if not chosen and not dataset.test_only:
        raise InputError(f"{dataset.raw[0]}: no image falls into the {name} split; more images are needed")
    images = np.empty((len(chosen), *dataset.shape), dtype=np.uint8)
    for place, digest in enumerate(chosen):
        images[place] = _resized(rows[digest].image, dataset.shape)
    return Split(
        images=torch.from_numpy(images),
        labels=torch.tensor([rows[digest].label for digest in chosen], dtype=torch.int64),
        ids=torch.tensor([int.from_bytes(d[:8], "big", signed=True) for d in chosen], dtype=torch.int64),
        positions=torch.tensor([rows[digest].position for digest in chosen], dtype=torch.int64),
    )


def _resized(image: np.ndarray, shape: Shape) -> np.ndarray:
    """Centre square of the image in the wanted size and channels, (C, H, W) uint8, with Pillow's bilinear filter."""
    channels, height, width = shape
    picture = Image.fromarray(image).convert("L" if channels == 1 else "RGB")
    if picture.size != (width, height):
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        picture = picture.crop((left, top, left + side, top + side))
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(picture, dtype=np.uint8).reshape(height, width, channels).transpose(2, 0, 1)
