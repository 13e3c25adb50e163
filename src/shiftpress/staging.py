"""The phase before all others, and the only one that may use the network: raw files are brought, checked, recorded."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from shiftpress.assembly import build, datasets_read
from shiftpress.core.catalog import component, kinds
from shiftpress.core.containers import sets_in
from shiftpress.core.fetching import Limits
from shiftpress.core.params import Params
from shiftpress.core.problems import InputError, suggestion
from shiftpress.core.rawdata import mirrors_of_user, obtain, origin_file, part_file
from shiftpress.core.storage import canonical_json, replace_file
from shiftpress.datasets.base import UNKNOWN, Dataset, Part
from shiftpress.preparation import measure

RECORDS = Path("data/raw/pixels")
"""Where it is kept what a dataset held when it was first staged."""


def named(names: Sequence[str], params: Params) -> dict[str, Dataset]:
    """Datasets by name of an entry or of a kind; without names, those that the study reads."""
    found = {}
    for name in names or datasets_read(params):
        if name in params.datasets:
            found[name] = build("datasets", params.datasets[name])
            continue
        of_kind = [entry for entry in params.datasets.values() if entry.kind == name]
        if name not in kinds("datasets") or not (of_kind or component("datasets", name).sources()):
            known = [*params.datasets, *kinds("datasets")]
            raise InputError(f"no dataset {name!r} in params.yaml.{suggestion(name, known)}")
        found[name] = build("datasets", of_kind[0] if of_kind else {"kind": name})
    return found


def stage(name: str, dataset: Dataset, mirrors: Sequence[str] = (), limits: Limits | None = None) -> Iterator[str]:
    """Bring the raw files of a dataset, read them once and record what they hold. Yields what was done, in words.

    Raises InputError if a file cannot be had, or if the images are not the known ones.
    """
    if reason := dataset.missing():
        raise InputError(f"{name}: {reason}")
    if dataset.fetched:
        for source, raw in zip(dataset.sources(), dataset.raw, strict=True):
            yield f"{name}: {raw}: {obtain(source, raw, [*mirrors, *mirrors_of_user()], limits)}"
    measured = measure(dataset)
    before = recorded(name)
    if before not in ({}, measured):
        raise InputError(f"{name}: holds other images than when first staged; if it should, delete {_record(name)}")
    if not before:
        _record(name).parent.mkdir(parents=True, exist_ok=True)
        replace_file(_record(name), canonical_json({part: asdict(facts) for part, facts in measured.items()}))
    for part, facts in measured.items():
        yield f"{name}: {part}: {facts.images:,} images, pixels sha256 {facts.sha256}"


def status(name: str, dataset: Dataset) -> Iterator[tuple[str, str, str]]:
    """For every raw file: name of the dataset, path, and how things stand with it. Touches nothing."""
    if not dataset.fetched:
        yield name, str(dataset.raw[0]), f"yours to bring: {dataset.missing() or 'there'}"
        return
    for source, raw in zip(dataset.sources(), dataset.raw, strict=True):
        fault = source.fault(raw)
        if not fault:
            origin = origin_file(raw)
            said = f", from {json.loads(origin.read_bytes())['from']}" if origin.is_file() else ""
            yield name, str(raw), f"there, checked ({raw.stat().st_size:,} bytes{said})"
        elif fault == "missing" and (part := part_file(raw)).exists():
            yield name, str(raw), f"begun: {part.stat().st_size:,} bytes; staging goes on from there"
        else:
            yield name, str(raw), fault if fault == "missing" else f"another file: {fault}"


def known_parts(name: str, dataset: Dataset) -> dict[str, Part]:
    """What the card says about each part, completed by what was recorded at the first stage."""
    known = recorded(name)
    for part, facts in dataset.known.items():
        known[part] = facts if facts.sha256 != UNKNOWN else replace(facts, sha256=known.get(part, facts).sha256)
    return known


def verify(name: str, dataset: Dataset, path: Path) -> Iterator[str]:
    """Compare the images of any container with the known ones. Yields what it holds; raises InputError if another."""
    known = known_parts(name, dataset)
    if all(facts.sha256 == UNKNOWN for facts in known.values()):
        raise InputError(f"{name}: its pixel digests are not known yet; run shiftpress data stage {name} first")
    for part, (images, digest) in sets_in(path, dataset.classes).items():
        same = [other for other, facts in known.items() if facts.sha256 == digest]
        if not same:
            parts = ", ".join(f"{other} {facts.images:,} with {facts.sha256}" for other, facts in known.items())
            raise InputError(f"{path}: {part}: {images:,} images with digest {digest} are no part of {name}: {parts}")
        yield f"{path}: {part}: the {images:,} images of {name}, part {same[0]}"


def recorded(name: str) -> dict[str, Part]:
    """What a dataset held when it was first staged; nothing if it never was."""
    record = _record(name)
    return {part: Part(**facts) for part, facts in json.loads(record.read_bytes()).items()} if record.is_file() else {}


def _record(name: str) -> Path:
    return RECORDS / f"{name}.json"
