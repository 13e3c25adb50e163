"""A user's own images: a folder, tar or zip with one folder per class."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import Field

from shiftpress.core.contents import Member, members, unusable
from shiftpress.core.files import expanded
from shiftpress.core.pictures import FORMATS, decode
from shiftpress.core.problems import InputError
from shiftpress.core.splits import Shape
from shiftpress.datasets.base import Card, Dataset, Item


class ImageFolder(Dataset):
    """Files named ``<class>/<image>``, at any depth below the class folder; one folder around them all is ignored."""

    card = Card(
        title="a user's image folder",
        origin="the path in params.yaml",
        licence="as its owner says",
        citation="as its owner says",
    )

    path: str = Field(min_length=1, description="folder, tar or zip with one folder per class")
    size: int = Field(32, ge=8, le=1024, description="side in pixels to resize to")
    channels: Literal[1, 3] = Field(3, description="1 for grey, 3 for colour")

    @property
    def raw(self) -> tuple[Path, ...]:
        return (self._root,)

    @property
    def _root(self) -> Path:
        return expanded(self.path)

    @property
    def shape(self) -> Shape:
        return (self.channels, self.size, self.size)

    def missing(self) -> str | None:
        return unusable(self.path)

    def read(self) -> Iterator[Item]:
        labels = {name: label for label, name in enumerate(self.classes)}
        for member in self._images():
            yield Item(decode(member.name, member.read()), labels[self._class_of(member.name)])

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Names of the class folders, sorted."""
        found = tuple(sorted({self._class_of(name) for name in self._names}))
        if len(found) < 2:
            raise InputError(f"{self.path}: needs images in at least two class folders, has {len(found)}")
        return found

    @cached_property
    def _names(self) -> tuple[PurePosixPath, ...]:
        return tuple(member.name for member in self._images())

    @cached_property
    def _depth(self) -> int:
        """How many folders stand around the class folders: none, or one that holds everything."""
        tops = {name.parts[0] for name in self._names}
        return 1 if len(tops) == 1 and all(len(name.parts) > 2 for name in self._names) else 0

    def _images(self) -> Iterator[Member]:
        for member in members(self._root):
            if member.name.suffix.lower() in FORMATS and not member.name.name.startswith("."):
                yield member

    def _class_of(self, name: PurePosixPath) -> str:
        if len(name.parts) < self._depth + 2:
            raise InputError(f"{self.path}: {name} is in no class folder; name files <class>/<image>")
        return name.parts[self._depth]
