"""The result record: what evaluation writes and reporting reads."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from shiftpress.core.storage import canonical_json, read_artefact, write_artefact

Phase = Literal["shifts", "codecs", "cards", "decks", "atmc", "edge"]
Source = Literal["regenerated", "official"]
DIVERGED = "diverged"
"""Metric of networks whose training met no finite numbers: at which step. They have no other record."""
DIVERGED_BEHIND = "diverged_behind/"
"""Before a metric that compares networks, one of whose trainings diverged: there is no value of it for this seed."""


class Record(BaseModel):
    """One number: a metric of one model, trained with one seed, in one cell."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    phase: Phase = Field(description="what kind of model it is about")
    dataset: str = Field(description="name of the dataset entry")
    model: str = Field(description="names of the entries the model is made of, joined by /; images for none")
    shift: str = Field(description="name of the shift entry")
    severity: float = Field(allow_inf_nan=False, description="in the unit of the shift")
    source: Source = Field(description="whether the shifted images were made here or published by others")
    seed: int = Field(ge=0, description="run seed of the model")
    metric: str = Field(description="quantity_unit")
    value: float = Field(allow_inf_nan=False, description="mean over the images")
    n: int = Field(gt=0, description="images the value is a mean over")
    fingerprint: str = Field(description="of the params, code and inputs that made the value")


_RECORDS = TypeAdapter(list[Record])


def write_records(path: str | Path, records: Iterable[Record], producer: str) -> None:
    """Write records as one JSON artefact."""
    rows = [record.model_dump() for record in records]
    write_artefact(path, _canonical(rows) if rows else canonical_json(rows), producer)


def _canonical(rows: list[dict[str, Any]]) -> bytes:
    """What ``canonical_json`` makes of mappings that hold no others, in half the time: Python indents slowly."""
    encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",\n  ", ": ")).encode
    texts = (encode(row).removeprefix("{").removesuffix("}") for row in rows)
    return b"[" + ",".join(f"\n {{\n  {text}\n }}" for text in texts).encode() + b"\n]\n"


def read_records(path: str | Path) -> list[Record]:
    """The records of a file, checked against its digest and the schema."""
    return _RECORDS.validate_json(read_artefact(path))
