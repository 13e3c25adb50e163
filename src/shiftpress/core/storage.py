"""Artefacts on disk: written whole or not at all, and never read unchecked.

Beside every artefact ``<file>`` stands ``<file>.json`` with its sha256, size, place, the device and the fingerprint of
what made it, sealed by a digest of its own. A file without one, or one that differs from it, is not an artefact.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from shiftpress.core.device import CPU, here, made_on

SCHEMA = "shiftpress/artefact/2"
Repeats = Literal["bitwise", "same device", "statistical"]
"""What a rerun gives: the same bytes on a processor of the same kind; the same bytes on a GPU of the same kind, and
elsewhere the same but for rounding and what it leads to; the same but for chance and time."""
TYPES = {"sha256": str, "size": int, "place": str}
"""Of what is read of a sidecar."""
HALF = re.compile(r"\..+\.(\d+)\.tmp")
CLOCKS = 60.0
"""Seconds by which the clock of a file server may be behind that of its user."""


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


def write_artefact(path: str | Path, data: bytes, producer: str, repeats: Repeats = "bitwise") -> None:
    """Write the bytes and their sidecar, each to a temporary name, then renamed.

    What repeats to the bit on a processor repeats on a GPU like it, if it was made on one.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # below the working directory, or the name alone: what stands here must not differ between clones
    place = path.name if path.is_absolute() else path.as_posix()
    facts = {
        "schema": SCHEMA,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "producer": producer,
        "place": place,
        "device": made_on(),
        "repeats": "same device" if repeats == "bitwise" and here() != CPU else repeats,
    }
    replace_file(path, data)
    replace_file(Path(sidecar(path)), canonical_json(facts | {"seal": fingerprint(facts)}))


def write_json(path: str | Path, value: Any, producer: str, repeats: Repeats = "bitwise") -> None:
    """Write a JSON artefact."""
    write_artefact(path, canonical_json(value), producer, repeats)


def replace_file(path: Path, data: bytes) -> None:
    """Put the bytes at the path in one step that survives a crash: temporary name, fsync, rename, fsync."""
    _clear_leftovers(path)
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


def _clear_leftovers(path: Path) -> None:
    """Remove the halves of this file whose writers were killed."""
    for other in path.parent.iterdir():
        if is_half(other) and other.name.startswith(f".{path.name}."):
            with suppress(FileNotFoundError):
                if not _at_work(int(HALF.fullmatch(other.name)[1]), other.stat().st_mtime):
                    other.unlink()


def _at_work(number: int, since: float) -> bool:
    """Whether the process that was writing then still lives, and is not another that got its number later.

    One that was killed keeps its number until somebody asks what became of it.
    """
    import psutil  # few files have halves beside them

    try:
        process = psutil.Process(number)
        return process.status() != psutil.STATUS_ZOMBIE and process.create_time() < since + CLOCKS
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def is_half(path: Path) -> bool:
    """Whether a name is that of a file not yet written whole."""
    return HALF.fullmatch(path.name) is not None


def read_facts(path: str | Path) -> Mapping[str, Any]:
    """The sidecar of an artefact. Raises DamagedArtefact if it is missing, changed, or that of another artefact."""
    try:
        data = Path(sidecar(path)).read_bytes()
        facts = json.loads(data)
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(path, f"its digest file {sidecar(path)} is unreadable") from error
    whole = isinstance(facts, dict) and facts.get("schema") == SCHEMA
    if not whole or any(type(facts.get(key)) is not kind for key, kind in TYPES.items()):
        raise damaged(path, f"{sidecar(path)} is not a {SCHEMA} record")
    unsealed = {key: value for key, value in facts.items() if key != "seal"}
    if facts.get("seal") != fingerprint(unsealed) or data != canonical_json(facts):
        raise damaged(path, f"its digest file {sidecar(path)} was changed")
    parts = Path(facts["place"]).parts
    if Path(path).absolute().parts[-len(parts) :] != parts:
        raise damaged(path, f"it is {facts['place']}, put in another place")
    return facts


def read_artefact(path: str | Path) -> bytes:
    """The bytes of an artefact, checked against its sidecar.

    Raises DamagedArtefact with the remedy if they differ.
    """
    facts = read_facts(path)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise damaged(path, f"cannot be read: {error.strerror}") from error
    if len(data) != facts["size"] or hashlib.sha256(data).hexdigest() != facts["sha256"]:
        raise damaged(path, "it is not what was recorded")
    return data


def damaged(path: str | Path, what: str) -> DamagedArtefact:
    """What is wrong with an artefact, with the remedy."""
    return DamagedArtefact(f"{path}: {what}; delete {path} and {sidecar(path)} and run again")


def read_json(path: str | Path) -> Any:
    """The value of a JSON artefact."""
    return json.loads(read_artefact(path))
