"""Office-31: 4,110 pictures of office things, from a shop's site, a good camera and a webcam."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from shiftpress.core.contents import members, unusable
from shiftpress.core.files import expanded
from shiftpress.core.pictures import FORMATS, decode
from shiftpress.core.problems import InputError
from shiftpress.core.splits import Shape
from shiftpress.datasets.base import WHOLE, Card, Dataset, Item, Part

PAGE = "https://faculty.cc.gatech.edu/~judy/domainadapt/"
CLASSES = """
    back_pack bike bike_helmet bookcase bottle calculator desk_chair desk_lamp desktop_computer file_cabinet headphones
    keyboard laptop_computer letter_tray mobile_phone monitor mouse mug paper_notebook pen phone printer projector
    punchers ring_binder ruler scissors speaker stapler tape_dispenser trash_can
"""


class Office31(Dataset):
    """One of three domains with the same 31 classes; files are named `<domain>/.../<class>/<image>`.

    Its authors publish it behind a form, so the user brings it.
    """

    card = Card(
        title="Office-31",
        origin=PAGE,
        licence=f"custom terms, {PAGE}",
        citation="Saenko, Kulis, Fritz, Darrell 2010, Adapting Visual Category Models to New Domains",
        parts={"amazon": Part(2_817), "dslr": Part(498), "webcam": Part(795)},
    )
    classes = tuple(CLASSES.split())

    path: str = Field("data/raw/office31", min_length=1, description="folder, tar or zip with a folder per domain")
    domain: Literal["amazon", "dslr", "webcam"] = Field(description="which of the three")
    size: int = Field(32, ge=8, le=1024, description="side in pixels to resize to")

    @property
    def raw(self) -> tuple[Path, ...]:
        return (expanded(self.path),)

    @property
    def shape(self) -> Shape:
        return (3, self.size, self.size)

    @property
    def known(self) -> Mapping[str, Part]:
        return {WHOLE: self.card.parts[self.domain]} if self.card.parts else {}

    def missing(self) -> str | None:
        reason = unusable(self.path)
        return reason and f"{reason}; {PAGE} says how to get it"

    def read(self) -> Iterator[Item]:
        labels = {name: label for label, name in enumerate(self.classes)}
        for member in members(self.raw[0]):
            folders = member.name.parts[:-1]
            if self.domain not in folders or member.name.suffix.lower() not in FORMATS:
                continue
            if folders[-1] not in labels:
                raise InputError(f"{self.path}: {member.name} is in no folder of the 31 classes")
            image = decode(member.name, member.read())
            yield Item(image, labels[folders[-1]])
