"""Artefacts on disk: written whole or not at all, and never read unchecked.

Beside every artefact ``<file>`` stands ``<file>.json`` with its sha256, size and the fingerprint of what made it. A
file without one, or one that differs from it, is not an artefact.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

SCHEMA = "shiftpress/artefact/1"


class DamagedArtefact(Exception):
    """A file is missing, incomplete, or not the one that was recorded."""


def sidecar(path: str | Path) -> str:
    """Where the digest of an artefact is recorded."""
    return f"{path}.json"


def canonical_json(value: Any) -> bytes:
    """The one JSON text of a value: sorted keys, no NaN, a newline at the end."""
    text = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def fingerprint(*parts: Any) -> str:
    """Short hash of what a result depends on, whatever the order of mapping keys."""
    return hashlib.sha256(canonical_json(parts)).hexdigest()[:16]


def write_artefact(path: str | Path, data: bytes, producer: str) -> None:
    """Write the bytes and their sidecar, each to a temporary name, then renamed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(data).hexdigest()
    facts = {"schema": SCHEMA, "sha256": digest, "size": len(data), "producer": producer}
    replace_file(path, data)
    replace_file(Path(sidecar(path)), canonical_json(facts))


def write_json(path: str | Path, value: Any, producer: str) -> None:
    """Write a JSON artefact."""
    write_artefact(path, canonical_json(value), producer)


def replace_file(path: Path, data: bytes) -> None:
    """Put the bytes at the path in one step that survives a crash: temporary name, fsync, rename, fsync."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_facts(path: str | Path) -> Mapping[str, Any]:
    """The sidecar of an artefact. Raises DamagedArtefact if it is missing or malformed."""
    try:
        facts = json.loads(Path(sidecar(path)).read_bytes())
    except (OSError, ValueError) as error:
        raise DamagedArtefact(f"{path}: its digest file {sidecar(path)} is unreadable") from error
    if not isinstance(facts, dict) or facts.get("schema") != SCHEMA:
        raise DamagedArtefact(f"{sidecar(path)} is not a {SCHEMA} record")
    return facts


def read_artefact(path: str | Path) -> bytes:
    """The bytes of an artefact, checked against its sidecar.

    Raises DamagedArtefact with the remedy if they differ.
    """
    facts = read_facts(path)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise DamagedArtefact(f"{path} cannot be read: {error.strerror}") from error
    if len(data) != facts["size"] or hashlib.sha256(data).hexdigest() != facts["sha256"]:
        raise DamagedArtefact(f"{path} is not what was recorded; delete it and run again")
    return data


def read_json(path: str | Path) -> Any:
    """The value of a JSON artefact."""
    return json.loads(read_artefact(path))


def damaged_below(root: Path) -> tuple[int, list[str]]:
    """How many artefacts stand below a folder, and what is wrong with each damaged one.

    A file without a sidecar and a sidecar without a file are damage too.
    """
    files = {path for path in root.rglob("*") if path.is_file()}
    sidecars = {path for path in files if path.suffix == ".json" and path.with_suffix("") in files}
    orphans = {path for path in files if path.suffix == ".json" and _is_sidecar(path)} - sidecars
    artefacts = sorted((files - sidecars - orphans) | {path.with_suffix("") for path in orphans})
    damaged = []
    for path in artefacts:
        try:
            read_artefact(path)
        except DamagedArtefact as error:
            damaged.append(str(error))
    return len(artefacts), damaged


def damaged_in_cache(cache: Path) -> tuple[int, list[str]]:
    """How many files DVC's cache holds, and which of them are not what their names, their MD5, promise.

    DVC itself believes what is in its cache.
    """
    files = sorted(path for path in (cache / "files" / "md5").glob("??/*") if path.is_file())
    damaged = []
    for path in files:
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False)).hexdigest()
        if digest != path.parent.name + path.name.removesuffix(".dir"):
            damaged.append(f"{path} is not the file it is named after")
    return len(files), damaged


def _is_sidecar(path: Path) -> bool:
    try:
        facts = json.loads(path.read_bytes())
    except ValueError:
        return False
    return isinstance(facts, dict) and facts.get("schema") == SCHEMA
