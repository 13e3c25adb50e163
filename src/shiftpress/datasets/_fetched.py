"""Datasets whose raw files are known bytes: where they lie, which digests they must have, what is read if they do."""

from abc import abstractmethod
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from shiftpress.core.problems import InputError
from shiftpress.core.sources import Source, tracked_source
from shiftpress.core.splits import Shape
from shiftpress.datasets.base import Dataset, Item


class Fetched(Dataset):
    """A dataset whose raw files the pipeline obtains itself. They lie in ``data/raw/<kind>/``."""

    published: ClassVar[tuple[Source, ...]]
    """The raw files, in the order that ``items`` takes them."""
    native: ClassVar[Shape]
    """Shape of the images as the source has them."""

    @classmethod
    def sources(cls) -> tuple[Source, ...]:
        return cls.published

    @property
    def fetched(self) -> bool:
        return True

    @property
    def raw(self) -> tuple[Path, ...]:
        return tuple(folder_of(type(self)) / source.name for source in self.sources())

    @property
    def shape(self) -> Shape:
        channels, height, width = self.native
        return (channels, self.size or height, self.size or width)

    def read(self) -> Iterator[Item]:
        refuse_others(type(self))
        yield from self.items()

    @abstractmethod
    def items(self) -> Iterator[Item]:
        """Every raw image in the order of the source; the files have been checked."""


class Tracked(Fetched):
    """A dataset of one file that ships inside an installed package. A DVC pointer of the kind's name tracks it."""

    package: ClassVar[str]
    member: ClassVar[str]
    """Where the package keeps the file, relative to it."""

    @classmethod
    def sources(cls) -> tuple[Source, ...]:
        spec = find_spec(cls.package)  # the package is not imported
        shipped = Path(spec.origin).parent / cls.member if spec and spec.origin else None
        return (tracked_source(Path("data/pointers") / f"{kind_of(cls)}.dvc", shipped),)


def kind_of(dataset: type[Dataset]) -> str:
    """The kind, which is the name of the module."""
    return dataset.__module__.rpartition(".")[2]


def folder_of(dataset: type[Dataset]) -> Path:
    """Where the raw files of a kind lie."""
    return Path("data/raw") / kind_of(dataset)


def refuse_others(dataset: type[Dataset]) -> None:
    """Raise InputError unless every raw file of a kind is an accepted one."""
    for source in dataset.sources():
        if fault := source.fault(folder_of(dataset) / source.name):
            step = f"delete it and run shiftpress data stage {kind_of(dataset)}"
            raise InputError(f"{folder_of(dataset) / source.name} is not the published file: {fault}; {step}")
