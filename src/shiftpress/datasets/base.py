"""Contract of a dataset, and how its images become fixed splits."""

import hashlib
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from PIL import Image
from pydantic import Field

from shiftpress.core.component import Component
from shiftpress.core.problems import InputError
from shiftpress.core.splits import SPLITS, Shape, Split


@dataclass(frozen=True)
class Card:
    """Where a dataset comes from and on what terms."""

    title: str
    origin: str
    licence: str
    citation: str


@dataclass(frozen=True)
class Item:
    """One raw image, uint8 (H, W) or (H, W, 3), as the source has it."""

    image: np.ndarray
    label: int
    part: Literal["train", "test"] | None = None
    """The part of the official division it belongs to, if there is one."""


class Dataset(Component):
    """A source of labelled images, split by the digest of their pixels.

    Which split an image falls into depends on its own pixels and its official part alone: not on file order, nor on
    which other images there are. So the same images from another container split the same way, and no image can be in
    two splits. Official test images are the test split; validation images come from the training part.
    """

    fetched: ClassVar[bool] = False
    """Whether the pipeline obtains the raw files itself; else the user brings them."""
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
    def raw(self) -> tuple[Path, ...]:
        """The files or folders the images are read from, relative to the repository or absolute."""

    @abstractmethod
    def read(self) -> Iterator[Item]:
        """Every raw image in the order of the source."""

    def missing(self) -> str | None:
        """Why the raw data cannot be had, or nothing."""
        return None


class Tracked(Dataset):
    """A dataset whose raw files are known: a DVC pointer of the kind's name says which bytes they must be.

    They lie in ``data/raw/<kind>/``. Some ship inside an installed package.
    """

    fetched = True
    files: ClassVar[tuple[str, ...]]
    native: ClassVar[Shape]
    """Shape of the images as the source has them."""
    package: ClassVar[str | None] = None
    members: ClassVar[dict[str, str]] = {}
    """Where the package keeps the files, relative to it."""

    @classmethod
    def folder(cls) -> Path:
        """Where the raw files lie."""
        return Path("data/raw") / cls.__module__.rpartition(".")[2]

    @property
    def raw(self) -> tuple[Path, ...]:
        return tuple(self.folder() / name for name in self.files)

    @property
    def shape(self) -> Shape:
        channels, height, width = self.native
        return (channels, self.size or height, self.size or width)

    @classmethod
    def embedded(cls, name: str) -> Path | None:
        """The file inside the installed package, if that has it; the package is not imported."""
        spec = find_spec(cls.package) if cls.package else None
        found = Path(spec.origin).parent / cls.members[name] if spec and spec.origin else None
        return found if found and found.is_file() else None


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


def prepare(dataset: Dataset) -> tuple[dict[str, Split], dict[str, Any]]:
    """Read, deduplicate, split and resize. Returns the splits and the facts of the dataset's card.

    Each split is in the order of the digests, so that the first k images are a fixed random sample. An image that
    stands in both official parts counts as a test image. Raises InputError if a split stays empty.
    """
    found: dict[str, Rows] = {name: {} for name in SPLITS}
    read: dict[str | None, int] = {}
    for item in dataset.read():
        position = read[item.part] = read.get(item.part, -1) + 1
        digest = pixel_digest(item.image)
        split = split_of(digest, item.part, dataset.val_fraction, dataset.test_fraction)
        found[split].setdefault(digest, Row(position, item.image, item.label))
    for name in ("train", "val"):
        found[name] = {d: row for d, row in found[name].items() if d not in found["test"]}
    facts = {"read": sum(read.values()) + len(read), "kept": sum(map(len, found.values())), **vars(dataset.card)}
    facts |= {"classes": list(dataset.classes), "shape": list(dataset.shape)}
    facts["pixels_sha256"] = {name: _digest(rows) for name, rows in found.items()}
    splits = {name: _assemble(dataset, name, rows) for name, rows in found.items()}
    facts["images"] = {name: len(split) for name, split in splits.items()}
    return splits, facts


def pixel_digest(image: np.ndarray) -> bytes:
    """sha256 of shape and pixels of one 8-bit image."""
    head = "x".join(map(str, image.shape)).encode()
    return hashlib.sha256(head + b":" + np.ascontiguousarray(image, dtype=np.uint8).tobytes()).digest()


def _digest(rows: Rows) -> str:
    lines = (f"{digest.hex()} {row.label}" for digest, row in sorted(rows.items(), key=lambda r: r[0]))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _assemble(dataset: Dataset, name: str, rows: Rows) -> Split:
    chosen = sorted(rows)[: dataset.limit]
    if not chosen:
        raise InputError(f"{dataset.raw[0]}: no image falls into the {name} split; more images are needed")
    images = np.stack([_resized(rows[digest].image, dataset.shape) for digest in chosen])
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
