"""Corrupted test sets as their authors publish them: plain arrays, whose pixels no code of ours has made."""

from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from shiftpress.core.arrays import from_npy
from shiftpress.core.contents import members, unusable
from shiftpress.core.files import expanded
from shiftpress.core.problems import InputError
from shiftpress.core.sources import Source
from shiftpress.core.splits import Shape
from shiftpress.datasets._fetched import folder_of, kind_of, refuse_others
from shiftpress.datasets.base import Dataset, Item


class PublishedShift(Dataset):
    """One corruption of a test set, image by image in the order of the official test set."""

    test_only = True
    archive: ClassVar[Source]
    native: ClassVar[Shape]

    corruption: str = Field(description="name of the corruption, as the archive has it")
    path: str | None = Field(
        None, min_length=1, description="your folder, tar or zip with the arrays; none takes the published archive"
    )

    @classmethod
    def sources(cls) -> tuple[Source, ...]:
        return (cls.archive,)

    @property
    def fetched(self) -> bool:
        return self.path is None

    @property
    def raw(self) -> tuple[Path, ...]:
        return (expanded(self.path) if self.path else folder_of(type(self)) / self.archive.name,)

    @property
    def shape(self) -> Shape:
        channels, height, width = self.native
        return (channels, self.size or height, self.size or width)

    def missing(self) -> str | None:
        return unusable(self.path) if self.path else None

    def read(self) -> Iterator[Item]:
        if self.fetched:
            refuse_others(type(self))
        images, labels = self.arrays()
        like_images = images.dtype == np.uint8 and images.shape[3:] in ((), (3,)) and 0 not in images.shape[1:]
        if not like_images or images.ndim < 3 or labels.shape != images.shape[:1]:
            raise InputError(f"{self.raw[0]}: {self.corruption} is {images.dtype} {images.shape} for {labels.shape}")
        for image, label in zip(images, labels.tolist(), strict=True):
            yield Item(image, label, "test")

    @abstractmethod
    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Images, uint8 (N, H, W) or (N, H, W, 3), and labels."""

    def found(self, *names: str) -> list[np.ndarray]:
        """The arrays of these names, which are the ends of paths."""
        arrays = {}
        for member in members(self.raw[0]):
            for name in names:
                if f"/{member.name}".endswith(f"/{name}"):
                    arrays[name] = from_npy(member.read(), f"{self.raw[0]}: {name}")
        if absent := [name for name in names if name not in arrays]:
            raise InputError(f"{self.raw[0]}: has no {', '.join(absent)}; is it {kind_of(type(self))}?")
        if single := [name for name in names if not arrays[name].ndim]:
            raise InputError(f"{self.raw[0]}: {single[0]} is a single number, and no array with a row for each image")
        return [arrays[name] for name in names]


class CifarC(PublishedShift):
    """Images of all severities in one array per corruption, the mildest first."""

    native = (3, 32, 32)

    corruption: Literal[
        "brightness", "contrast", "defocus_blur", "elastic_transform", "fog", "frost", "gaussian_blur",
        "gaussian_noise", "glass_blur", "impulse_noise", "jpeg_compression", "motion_blur", "pixelate", "saturate",
        "shot_noise", "snow", "spatter", "speckle_noise", "zoom_blur",
    ] = Field(description="name of the corruption, as the archive has it")  # fmt: skip
    severity: Literal[1, 2, 3, 4, 5] = Field(description="how strong; the archive has five")

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        images, labels = self.found(f"{self.corruption}.npy", "labels.npy")
        each = len(images) // 5
        rows = slice((self.severity - 1) * each, self.severity * each)
        return images[rows], labels[rows]
