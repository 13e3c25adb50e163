"""Bytes flipped, files cut, swapped and deleted, in results and in DVC's cache: all found, and nothing else."""

import hashlib
import json
import random
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from faults.kills import recovered
from faults.outcome import Outcome
from faults.project import Project

from shiftpress.core.cache import damaged_objects
from shiftpress.core.inventory import artefacts_below, damaged_below, gone_from, remember

SHARES = {"flip": 100, "cut": 50, "swap": 20, "delete": 20}
AT_ONCE = 10
TOLD_OBJECT = re.compile(r"^\S*?/([0-9a-f]{2})/([0-9a-f]{30}(?:\.dir)?): ")


def cached(folder: Path, objects: Path) -> None:
    """Put a folder into a cache as DVC does: objects by the md5 of their bytes, and a list of them."""
    rows = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        rows.append({"md5": _keep(path.read_bytes(), objects, ""), "relpath": path.relative_to(folder).as_posix()})
    _keep(json.dumps(rows, sort_keys=True).encode(), objects, ".dir")


def _keep(data: bytes, objects: Path, end: str) -> str:
    name = hashlib.md5(data, usedforsecurity=False).hexdigest()
    path = objects / name[:2] / f"{name[2:]}{end}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return name


def in_results_and_cache(reference: Project, folder: Path, tries: int, seed: int) -> Outcome:
    """D1: each damage is named by what verify looks at, and nothing that is sound is named."""
    outcome, draw = Outcome(), random.Random(seed)
    results, objects, lists = folder / "results/smoke", folder / "objects", folder / "lists"
    shutil.copytree(reference.results, results)
    cached(results / "data", objects)
    cached(results / "codecs", objects)
    remember(results, lists)
    kinds = random.Random(seed).choices(list(SHARES), list(SHARES.values()), k=tries)
    alarms, found_by = 0, dict.fromkeys(SHARES, 0)
    assert not _told(results, objects, lists), "a clean tree"
    while outcome.tries < tries:
        batch = kinds[outcome.tries : outcome.tries + AT_ONCE]
        harmed, undo = {}, {}
        for kind in batch:
            harm(kind, results, objects, draw, harmed, undo)
        told = _told(results, objects, lists)
        for key, kind in harmed.items():
            outcome.check(key in told, f"{kind} of {key} was not found")
            found_by[kind] += key in told
        alarms += len(told - set(harmed))
        for path, data in undo.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if _told(results, objects, lists):
            alarms += 1
    outcome.failures += [f"{alarms} false alarms"] * bool(alarms)
    outcome.worst = ", ".join(f"{count} {kind}s" for kind, count in found_by.items()) + f"; {alarms} false alarms"
    return outcome


def _told(results: Path, objects: Path, lists: Path) -> set[str]:
    """Names of the artefacts and objects that are said to be damaged or gone."""
    lines = [*damaged_below(results)[1], *gone_from(results, lists)]
    found = {line.split(": ")[0] for line in lines}
    for line in damaged_objects(objects)[1]:
        found.add("".join(TOLD_OBJECT.match(line).groups()))
    return found


@dataclass(frozen=True)
class Unit:
    """An artefact with its sidecar, or an object of the cache, and what verify calls it."""

    name: str
    files: tuple[Path, ...]


def units(results: Path, objects: Path) -> tuple[list[Unit], list[Unit]]:
    """All artefacts, and all objects."""
    made = [Unit(str(path), (path, Path(f"{path}.json"))) for path in artefacts_below(results)]
    kept = [Unit(path.parent.name + path.name, (path,)) for path in sorted(objects.glob("??/*"))]
    return made, kept


def harm(kind: str, results: Path, objects: Path, draw: random.Random, harmed: dict, undo: dict) -> None:
    """One damage to something that is whole yet; notes what was harmed, and how to undo it."""
    made, kept = ([unit for unit in part if unit.name not in harmed] for part in units(results, objects))
    pool = kept if kept and draw.random() < 0.25 else made
    # what a list names is missed only while the list is whole, so not both at once; and of a list that is gone itself
    # verify says in a note that dvc.lock names it
    if pool is kept and kind == "delete" and any(name.endswith(".dir") for name in harmed):
        pool = made
    if kind == "delete" or "delete" in harmed.values():
        pool = [unit for unit in pool if not unit.name.endswith(".dir")]
    unit = draw.choice(pool)
    undo |= {path: path.read_bytes() for path in unit.files}
    harmed[unit.name] = kind
    whole = draw.random() < 0.5
    path = draw.choice(unit.files)
    data = undo[path]
    if kind == "flip":
        at = draw.randrange(len(data))
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :])
    elif kind == "cut":
        path.write_bytes(data[: draw.randrange(len(data))])
    elif kind == "delete":
        for file in unit.files if whole else [path]:
            file.unlink()
    else:
        main = unit.files[0]
        other = draw.choice([o for o in pool if o != unit and o.files[0].read_bytes() != undo[main]])
        undo |= {file: file.read_bytes() for file in other.files}
        harmed[other.name] = kind
        for one, two in list(zip(unit.files, other.files, strict=True))[: 2 if whole else 1]:
            one.write_bytes(undo[two])
            two.write_bytes(undo[one])


ADVICE = re.compile(r"delete (\S+) and (\S+) and run again")


def advice(reference: Project, folder: Path, tries: int, seed: int) -> Outcome:
    """D1: what verify advises is done to the letter, then the one command is run: all is as it was."""
    outcome, draw = Outcome(), random.Random(seed)
    project = reference.copy(folder)
    for _ in range(tries):
        assert project.verify().returncode == 0
        harmed: dict = {}
        for kind in SHARES:
            harm(kind, project.results, project.folder / "none", draw, harmed, {})
        told = project.verify()
        for line in told.stderr.splitlines():
            if words := ADVICE.search(line):
                for name in words.groups():
                    (project.folder / name).unlink(missing_ok=True)
        before = len(outcome.failures)
        recovered(project, reference, outcome)
        outcome.check(told.returncode == 2 and len(outcome.failures) == before, f"{sorted(harmed)} were not repaired")
    outcome.worst = f"{4 * tries} damages repaired as advised"
    return outcome
