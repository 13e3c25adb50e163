"""What RobustBench's leaderboard wants to know about a model under common corruptions: its ``model_info`` file.

Its fields are those of ``ModelInfo`` in ``robustbench.utils`` (1.1.1) that the ``corruptions`` folders use. Where that
dataclass and RobustBench's own files differ in form, the files count.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shiftpress.core.explain import explain
from shiftpress.core.layers import Layers
from shiftpress.core.problems import InputError
from shiftpress.core.yamlfile import read_yaml
from shiftpress.packing.container import Facts

Text = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f<>]*$")]
"""Printed as it is in a web page and in BibTeX: no tags, no line breaks."""
Percent = Annotated[str, Field(pattern=r"^(100\.00|\d{1,2}\.\d{2})$")]
"""A string with two decimals, as in the published files and as ``update_json`` writes them."""
MODEL_NAME = re.compile(r"[A-Z][A-Za-z]*\d{4}[A-Z][A-Za-z0-9]*(_\w+)*", re.ASCII)
"""<Name><Year><FirstWordOfTheTitle>, as "Adding a new model" of the README asks; published ones add words behind _."""
DATASETS = {(3, 32, 32, 10): "cifar10", (3, 32, 32, 100): "cifar100"}
"""Those of ``BenchmarkDataset`` with a ``corruptions`` folder and small images, by shape and classes."""


class Entry(BaseModel):
    """What only the author of a model can say. Accuracies are in percent."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    link: Annotated[Text, Field(pattern=r"^https://\S+$")] = Field(description="of the paper")
    name: Text = Field(description="title of the paper")
    authors: Text = Field(description="first and last names, separated by commas")
    additional_data: bool = Field(description="whether other images than the dataset's were trained on")
    venue: Text = Field(
        "Unpublished", description="conference and year; RobustBench says Unpublished where there is none"
    )
    architecture: Text = Field(description="name of the network")
    clean_acc: float = Field(ge=0, le=100, description="accuracy on the test set")
    corruptions_acc: float = Field(ge=0, le=100, description="mean accuracy over 15 corruptions and 5 severities")
    reported: float | None = Field(None, ge=0, le=100, description="robust accuracy that the paper reports; else ours")
    footnote: Text | None = Field(None, description="small print; by default how many cards and bits there are")


class ModelInfo(BaseModel):
    """The file, exactly. Each field says where its form comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    link: Annotated[str, Field(pattern=r"^https://\S+$")] = Field(description="README and template; a href there")
    name: Text = Field(description="README and template; the title of the paper")
    authors: Text = Field(description="README; split at commas for BibTeX by robustbench.utils")
    additional_data: bool = Field(description="README and template; a JSON truth value")
    number_forward_passes: int = Field(ge=1, description="README; 6 for the decks of Diffenderfer et al. 2021")
    dataset: Literal["cifar10", "cifar100"] = Field(description="README; a value of BenchmarkDataset")
    venue: Text = Field(description="README and template")
    architecture: Text = Field(description="README and template")
    eps: None = Field(None, description="null in every published file of a corruptions folder")
    clean_acc: Percent = Field(description="README; a string, written by update_json, read with float()")
    reported: Percent = Field(description="README; a string")
    corruptions_acc: Percent = Field(description="ACC_FIELDS of robustbench.utils in place of autoattack_acc; a string")
    footnote: Text = Field(description="ModelInfo and template, which shows it if it is there")


def read_entry(path: str | Path) -> Entry:
    """What an author wrote down in a YAML file. Raises InputError with all its mistakes."""
    document = read_yaml(path)
    try:
        return Entry.model_validate(document.data)
    except ValidationError as error:
        layers = Layers([document])
        raise InputError([layers.problem(place, text) for place, text in explain(error, Entry)]) from None


def model_info(cards: Sequence[Facts], entry: Entry) -> bytes:
    """The JSON file of a card or deck. Raises InputError if RobustBench has no leaderboard for it."""
    found = {(*card.shape, card.classes) for card in cards}
    dataset = DATASETS.get(found.pop()) if len(found) == 1 else None
    if dataset is None:
        raise InputError("RobustBench has no leaderboard for these images: it takes 3x32x32 in 10 or 100 classes.")
    reported = entry.corruptions_acc if entry.reported is None else entry.reported
    info = ModelInfo(
        **entry.model_dump(include={"link", "name", "authors", "additional_data", "venue", "architecture"}),
        number_forward_passes=len(cards),
        dataset=dataset,
        clean_acc=f"{entry.clean_acc:.2f}",
        reported=f"{reported:.2f}",
        corruptions_acc=f"{entry.corruptions_acc:.2f}",
        footnote=entry.footnote or _footnote(cards),
    )
    return (json.dumps(info.model_dump(), indent=2) + "\n").encode()


def _footnote(cards: Sequence[Facts]) -> str:
    bits = " and ".join(str(number) for number in sorted({card.bits for card in cards}))
    noun = "Compressed network" if len(cards) == 1 else f"Deck of {len(cards)} compressed networks"
    return f"{noun}, {bits} bits a kept weight"


def check_model_name(name: str) -> None:
    """Raises InputError unless RobustBench's own rule for names holds."""
    if not MODEL_NAME.fullmatch(name):
        raise InputError(f"{name!r} is no name for RobustBench: write NameYearFirstword, such as Smith2026Decks_Six.")
