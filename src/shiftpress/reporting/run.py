"""What a run was, for whoever compares it with another or hands it on: settings, code, environment, data, jobs."""

import csv
import hashlib
import math
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from shiftpress.core.history import stamp
from shiftpress.core.storage import read_facts, read_json
from shiftpress.reporting.origin import code_files, origin
from shiftpress.reporting.timings import own_files

SCHEMA = "shiftpress/run/1"
CARD = ("title", "images", "pixels_sha256", "origin", "licence", "citation")
"""What is told of a dataset's card."""


def described(
    *,
    params: dict[str, Any],
    cards: dict[str, str],
    artefacts: list[str],
    benchmarks: Path,
    blocks: list[str],
    timed: list[str],
) -> dict[str, Any]:
    """Everything about this run that its records do not say."""
    machine = origin()
    return {
        "schema": SCHEMA,
        "tier": params["run"]["tier"],
        "described": stamp(datetime.now(UTC)),
        "commit": machine.pop("commit"),
        "settings": params,
        "code": {path.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in code_files()},
        "machine": {name: value for name, value in machine.items() if name != "time"},
        "packages": _packages(),
        "data": {name: _card(path) for name, path in cards.items()},
        "artefacts": {Path(path).name: _facts(path) for path in artefacts},
        "jobs": jobs(benchmarks, blocks, timed),
    }


def jobs(benchmarks: Path, blocks: list[str], timed: list[str]) -> list[dict[str, Any]]:
    """The study's jobs whose times were taken: rule, what it was about, seconds, and when it ended, by its file."""
    return [_job(file, benchmarks) for file in own_files(benchmarks, blocks, timed)]


def _job(file: Path, benchmarks: Path) -> dict[str, Any]:
    rule, *about = file.relative_to(benchmarks).with_suffix("").parts
    with open(file, newline="") as rows:
        row = next(csv.DictReader(rows, delimiter="\t"))
    return {
        "rule": rule,
        "about": "/".join(about),
        "wall_s": _number(row["s"]),
        "cpu_s": _number(row["cpu_time"]),
        "memory_mb": _number(row["max_rss"]),
        "ended": stamp(datetime.fromtimestamp(file.stat().st_mtime, UTC)),
    }


def _number(text: str) -> float | None:
    """Snakemake writes a dash, NA or nan for what it could not measure."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _packages() -> dict[str, str]:
    """All that is installed; what a broken installation left without a name is left out."""
    found = {package.name: package.version for package in distributions() if package.name}
    return {name: found[name] for name in sorted(found, key=str.lower)}


def _card(path: str) -> dict[str, Any]:
    card = read_json(path)
    return {key: card[key] for key in CARD if key in card}


def _facts(path: str) -> dict[str, Any]:
    facts = read_facts(path)
    return {"sha256": facts["sha256"], "size": facts["size"]}
