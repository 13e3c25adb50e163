"""A results folder that somebody else may have made: typed and bounded before anything is computed from it."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import from_json

from shiftpress.core.problems import InputError, told
from shiftpress.core.records import Record
from shiftpress.core.storage import DamagedArtefact, read_artefact
from shiftpress.reporting.run import SCHEMA

MOST_RECORDS = 20_000_000
WORDS = [name for name, field in Record.model_fields.items() if field.annotation not in (int, float)]
"""Columns of words; a small file may say a long one a million times, so each is kept once."""


class _Seeds(BaseModel):
    seeds: list[int]


class _Settings(BaseModel):
    run: _Seeds


class _Job(BaseModel):
    rule: str
    cpu_s: float | None


class _Run(BaseModel):
    """What a comparison reads of run.json; there is more in it."""

    model_config = ConfigDict(strict=True)
    tier: str
    described: str
    commit: str
    settings: _Settings
    code: dict[str, str]
    machine: dict[str, Any]
    packages: dict[str, str]
    data: dict[str, Any]
    jobs: list[_Job]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)
    name: str
    dataset: str
    model: str
    verdict: str | None
    effect: float | None
    seeds: list[int]
    values: list[float]


class _Row(BaseModel):
    """What a comparison reads of a claim; there is more in it."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)
    id: str
    statement: str
    verdict: str
    reason: str
    condition: str
    unit: str
    n: int
    effect: float | None
    above: float | None
    below: float | None
    within: list[float] | None
    sides: int
    parts: list[_Part]


_ROWS = TypeAdapter(list[_Row])


def run_of(folder: Path) -> dict[str, Any]:
    """What run.json says. Raises InputError if it is not there, or is none."""
    path = folder / "run.json"
    try:
        data = read_artefact(path)
    except DamagedArtefact as error:
        raise InputError(f"{error}. Has the run been finished? `snakemake report` describes it.") from None
    with _plainly(path, f"a {SCHEMA} description"):
        run = from_json(data)
        if not isinstance(run, dict) or run.get("schema") != SCHEMA:
            raise ValueError("another schema")
        _Run.model_validate(run)
    return run


def claims_of(folder: Path) -> list[dict[str, Any]]:
    """The rows of claims.json. Raises InputError if it is not there, or holds others."""
    path = folder / "claims.json"
    with _plainly(path, "a list of verdicts of this version"):
        found = from_json(read_artefact(path))
        rows = _ROWS.validate_python(found)
        if any(len(part.seeds) != len(part.values) or len({*part.seeds}) < len(part.seeds) for row in rows
               for part in row.parts):  # fmt: skip
            raise ValueError("an effect is not of one seed")
    return found


def records_of(folder: Path) -> pd.DataFrame:
    """The records. Raises InputError if they are not there, or the table is another, too large, or not of numbers."""
    from pyarrow import ArrowException
    from pyarrow.parquet import read_metadata, read_table

    path = folder / "scores.parquet"
    with _plainly(path, "a table of records of this version", ArrowException, OSError):
        data = read_artefact(path)
        metadata = read_metadata(io.BytesIO(data))
        if sorted(metadata.schema.names) != sorted(Record.model_fields):
            raise ValueError("other columns")
        if metadata.num_rows > MOST_RECORDS:
            raise ValueError(f"more than {MOST_RECORDS:,} rows")
        frame = read_table(io.BytesIO(data), read_dictionary=WORDS).to_pandas(ignore_metadata=True)
        for name in Record.model_fields:
            frame[name] = _typed(frame[name], name in WORDS)
    return frame


def _typed(column: pd.Series, words: bool) -> pd.Series:
    if words:
        found = column.astype(object)
        kept = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else found
        if column.isna().any() or not all(isinstance(word, str) for word in kept):
            raise ValueError(f"{column.name} is not all words")
        return found
    if column.dtype.kind not in "iuf" or not np.isfinite(column).all():
        raise ValueError(f"{column.name} is not all numbers")
    return column


@contextmanager
def _plainly(path: Path, what: str, *others: type[Exception]) -> Iterator[None]:
    """Say in one line what is wrong with a file."""
    try:
        yield
    except DamagedArtefact as error:
        raise InputError(str(error)) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) if str(step).isidentifier() else repr(step)[:40] for step in first["loc"])
        raise InputError(f"{path} is not {what}: {place}: {first['msg']}") from None
    except (ValueError, *others) as error:
        raise InputError(f"{path} is not {what}: {told(error)}") from None
