"""A split of a dataset: what passes between datasets, shifts, training and evaluation."""

from dataclasses import dataclass

import torch
from torch import Tensor

from shiftpress.core.device import here
from shiftpress.core.tensors import State, read_tensors

SPLITS = ("train", "val", "test")
Shape = tuple[int, int, int]
"""Channels, height and width of an image."""


@dataclass(frozen=True)
class Split:
    """Images (N, C, H, W) uint8 with their labels, ids and positions, each (N,) int64.

    An id belongs to the pixels of an image, whatever file they came from. A position is the place of the image in the
    source, which is how other people's files refer to it.
    """

    images: Tensor
    labels: Tensor
    ids: Tensor
    positions: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: Tensor | slice) -> "Split":
        """The images at these rows."""
        return Split(self.images[rows], self.labels[rows], self.ids[rows], self.positions[rows])

    @property
    def pixels(self) -> Tensor:
        """The images as float32 in [0, 1]."""
        return unit(self.images)

    def to(self, device: str) -> "Split":
        """The same in the memory of a device; as bytes, which take a quarter of the room."""
        return Split(*(tensor.to(device) for tensor in (self.images, self.labels, self.ids, self.positions)))


def unit(images: Tensor) -> Tensor:
    """8-bit images as float32 in [0, 1], the same to the last bit on every device.

    By a tensor: a GPU multiplies by the reciprocal of a number.
    """
    return images.float() / torch.full((), 255.0, device=images.device)


def as_tensors(split: Split) -> State:
    """The split as named tensors, for an artefact."""
    return dict(vars(split))


def load_split(path: str) -> Split:
    """A prepared split, checked against its digest; on the device of the job."""
    return Split(**read_tensors(path)).to(here())
