"""Contract of a dataset: what it says about itself, and how it hands out its images."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from shiftpress.core.component import Component
from shiftpress.core.sources import Source
from shiftpress.core.splits import Shape

UNKNOWN = "unknown: recorded at first stage"
"""Stands for a digest that nobody who wrote a card could measure."""
WHOLE = "all"
"""Name of the one part of a source without an official division."""


@dataclass(frozen=True)
class Part:
    """An official part of a dataset: how many images it has, and the ``set_digest`` of their pixels and labels."""

    images: int
    sha256: str = UNKNOWN


@dataclass(frozen=True)
class Card:
    """Where a dataset comes from, on what terms, and what is known of its content."""

    title: str
    origin: str
    licence: str
    """SPDX identifier, or the words "custom terms" and where they stand."""
    citation: str
    parts: Mapping[str, Part] = field(default_factory=dict)


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

    test_only: ClassVar[bool] = False
    """Whether there are no images to train on: it can stand in the place of another test set, and nothing else."""
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

    @classmethod
    def sources(cls) -> tuple[Source, ...]:
        """The published files of the kind, which the pipeline can obtain; none if the user brings them."""
        return ()

    @property
    def fetched(self) -> bool:
        """Whether the pipeline obtains the raw files itself."""
        return False

    @property
    def known(self) -> Mapping[str, Part]:
        """What the card says about the parts that ``read`` gives."""
        return self.card.parts

    def missing(self) -> str | None:
        """Why the raw data cannot be had, or nothing."""
        return None
