"""Contract of an augmentation."""

from abc import abstractmethod
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from shiftpress.core.component import Component, Name


class Augmentation(Component):
    """Changes training images at random, a batch at a time; all randomness comes from the generator it is handed."""

    title: ClassVar[str]

    natural: list[Name] = Field(
        [], description="datasets cropped and mirrored first: those whose images keep their class in a mirror"
    )
    crop: int = Field(4, ge=0, le=64, description="pixels of black added on each side before a random crop of them")

    @property
    def consistency(self) -> float:
        """Weight of the Jensen-Shannon divergence between the views; 0 when there is one view."""
        return 0.0

    def still(self, dataset: str) -> bool:
        """Whether the first view of a dataset's image is always the same."""
        return False

    @abstractmethod
    def views(self, images: Tensor, random: torch.Generator) -> list[Tensor]:
        """Changed copies of images (N, C, H, W) in [0, 1], of the same shape and range.

        The classes are learned from the first view; the others only have to be seen alike (``consistency``).
        """

    def of(self, dataset: str, images: Tensor, random: torch.Generator) -> list[Tensor]:
        """The views of a batch of a dataset, cropped and mirrored before if that suits it."""
        if dataset in self.natural:
            images = mirrored(cropped(images, self.crop, random), random)
        return self.views(images, random)


def cropped(images: Tensor, pad: int, random: torch.Generator) -> Tensor:
    """Random windows of the images' own size after ``pad`` black pixels were added on each side."""
    count, channels, rows, columns = images.shape
    padded = F.pad(images, (pad,) * 4)
    top, left = torch.randint(0, 2 * pad + 1, (2, count), generator=random).to(images.device)
    row = (top[:, None] + torch.arange(rows, device=images.device))[:, None, :, None]
    column = (left[:, None] + torch.arange(columns, device=images.device))[:, None, None, :]
    image = torch.arange(count, device=images.device)[:, None, None, None]
    channel = torch.arange(channels, device=images.device)[None, :, None, None]
    return padded[image, channel, row, column]


def mirrored(images: Tensor, random: torch.Generator) -> Tensor:
    """Half of the images, at random, with left and right exchanged."""
    turned = torch.rand(len(images), generator=random).to(images.device) < 0.5
    return torch.where(turned[:, None, None, None], images.flip(3), images)
