"""Contract of a shift, and the shifted test sets it makes."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from shiftpress.core.component import Component, Name
from shiftpress.core.draws import Draws
from shiftpress.core.seeds import seed_for
from shiftpress.core.splits import Split
from shiftpress.core.tensors import State, read_tensors

CHUNK = 500
"""Images shifted at once; bounds memory."""

Loss = Callable[[Tensor, Tensor], Tensor]
"""Images (N, C, H, W) and rows of the test set that they come from (N,) -> differentiable losses of a model (N,)."""


@dataclass(frozen=True)
class Others:
    """What a shift is made with besides the test set, by the names its fields give."""

    splits: Mapping[str, Split] = field(default_factory=dict)
    """Test splits of other datasets."""
    shifts: Mapping[str, "Shift"] = field(default_factory=dict)
    """Other shifts of params.yaml."""
    codecs: Mapping[str, Callable[[Tensor], Any]] = field(default_factory=dict)
    """Trained codecs, as ``<codec>/<objective>``."""


class Shift(Component):
    """What happens to test images between training and use, at each of several severities.

    Severity 0 leaves an image as it is. Randomness comes from ``Draws`` alone, so that an image shifts the same way in
    every batch. Most shifts are maps of images and write ``apply``; one that takes other images instead writes
    ``shift``; one that looks at the model is a ``WhiteBox``.
    """

    title: ClassVar[str]
    """What the shift is called in tables and figures."""
    unit: ClassVar[str]
    """What its severity measures."""
    source: ClassVar[Literal["regenerated", "official"]] = "regenerated"
    """Whether the images are made here or are those that others have published."""
    white_box: ClassVar[bool] = False
    """Whether it is made for each model anew."""
    fidelity: ClassVar[str] = ""
    """How close it comes to the published recipe it follows, if it follows one."""

    severities: list[float] = Field(min_length=1, max_length=1000, description="severities to evaluate at")
    only: list[Name] | None = Field(None, min_length=1, description="names of datasets it is for; none means all")

    def apply(self, images: Tensor, severity: float, draws: Draws) -> Tensor:
        """Shifted copies of images (N, C, H, W) float32 in [0, 1]; same shape and range, input untouched."""
        raise NotImplementedError

    def shift(self, test: Split, severity: float, seed: int, others: Others) -> Split:
        """The test set at one severity, as 8-bit images: what a file would hold."""
        return mapped(lambda images, draws: self.apply(images, severity, draws), test, seed)

    def needs(self) -> dict[str, list[str]]:
        """Names it asks ``Others`` for: ``datasets``, ``shifts``, ``codecs`` (as ``<codec>/<objective>``)."""
        return {}


class WhiteBox(Shift):
    """A shift that is made for each model anew, with the model's loss."""

    white_box = True

    images: int = Field(200, ge=1, le=100_000, description="test images that are moved, the first ones")
    phases: list[Literal["codecs", "cards"]] = Field(
        ["codecs", "cards"], min_length=1, description="whose models it is made against"
    )
    models: list[str] = Field(
        ["*"], min_length=1, description="patterns of those models, such as fixed*/erm; an attack of each takes long"
    )

    @abstractmethod
    def frontier(self, test: Split, loss: Loss, draws: Draws) -> Iterator[Tensor]:
        """The test images made worst for a model, each time (N, C, H, W) and each time farther away.

        Severity is the mean squared distance, which comes out and is not put in; numbers at the wanted severities are
        read off the curve through all of them.
        """


def mapped(apply: Callable[[Tensor, Draws], Tensor], test: Split, seed: int) -> Split:
    """The test set with a map applied to its images, chunk by chunk."""
    done = []
    for start in range(0, len(test), CHUNK):
        part = test[start : start + CHUNK]
        done.append((apply(part.pixels, Draws(seed, part.ids)) * 255).round().to(torch.uint8))
    return Split(torch.cat(done), test.labels, test.ids, test.positions)


@dataclass(frozen=True)
class Shifted:
    """A test set under one shift, at every severity."""

    severities: list[float]
    splits: list[Split]

    def __iter__(self) -> Iterator[tuple[float, Split]]:
        return zip(self.severities, self.splits, strict=True)


def shift_split(shift: Shift, test: Split, others: Others, seed: int) -> Shifted:
    """Every severity of a shift, made once and shared by all models."""
    splits = [shift.shift(test, severity, seed_for(seed, severity), others) for severity in shift.severities]
    return Shifted(list(shift.severities), splits)


def as_tensors(shifted: Shifted) -> State:
    """The shifted set as named tensors, for an artefact."""
    found: State = {"severities": torch.tensor(shifted.severities, dtype=torch.float64)}
    for number, split in enumerate(shifted.splits):
        # severities may share labels and ids; a file may not hold one memory under two names
        found |= {f"{number}/{name}": tensor.clone() for name, tensor in vars(split).items()}
    return found


def load_shifted(path: str) -> Shifted:
    """A shifted test set, checked against its digest."""
    tensors = read_tensors(path)
    severities = tensors.pop("severities").tolist()
    fields = [{} for _ in severities]
    for name, tensor in tensors.items():
        number, _, part = name.partition("/")
        fields[int(number)][part] = tensor
    return Shifted(severities, [Split(**parts) for parts in fields])
