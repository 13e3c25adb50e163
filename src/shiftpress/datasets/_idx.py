"""The MNIST family: four idx files, images and labels of a training and a test part."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from shiftpress.core.arrays import from_idx
from shiftpress.core.contents import content
from shiftpress.core.problems import InputError
from shiftpress.core.sources import Source
from shiftpress.datasets._fetched import Fetched
from shiftpress.datasets.base import Item

MAX_BYTES = 100_000_000
NAMES = tuple(f"{part}-{what}-ubyte.gz" for part in ("train", "t10k") for what in ("images-idx3", "labels-idx1"))


def idx_files(
    hosts: Sequence[str], accepted: Sequence[dict[str, int | None]], shipped: str | None = None
) -> tuple[Source, ...]:
    """The four files: accepted digests of each, the hosts' folders, and the folder of a system package."""
    return tuple(
        Source(name, digests, tuple(host + name for host in hosts), Path(shipped, name) if shipped else None)
        for name, digests in zip(NAMES, accepted, strict=True)
    )


class IdxImages(Fetched):
    """Grey images of 28 x 28 pixels in ten classes."""

    native = (1, 28, 28)

    def items(self) -> Iterator[Item]:
        files = [from_idx(content(path, MAX_BYTES), str(path)) for path in self.raw]
        for part, images, labels in (("train", *files[:2]), ("test", *files[2:])):
            if images.ndim != 3 or labels.shape != images.shape[:1]:
                raise InputError(f"{self.raw[0].parent}: {part} has {images.shape} images and {labels.shape} labels")
            for image, label in zip(images, labels.tolist(), strict=True):
                yield Item(image, label, part)
