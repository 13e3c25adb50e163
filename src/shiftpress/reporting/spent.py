"""What a run cost: time of its jobs, bytes of its files, and what more seeds would add."""

import csv
import re
from pathlib import Path
from typing import Any

import pandas as pd

from shiftpress.core.seeds import seeds_of
from shiftpress.core.statistics import MIN_SEEDS, detectable_effect
from shiftpress.reporting.timings import own_files

COLUMNS = ["rule", "seeds", "wall", "cpu", "memory"]
MORE = 2
"""Seeds whose price the report names."""


def jobs(benchmarks: Path, blocks: list[str], timed: list[str]) -> pd.DataFrame:
    """A row per job of the study, from its benchmark file: its rule, how many seeds it took, seconds and megabytes.

    Jobs that know no seeds have 0.
    """
    seeds = {f"seeds{block}": len(seeds_of(block.split("x")[0])) for block in blocks}
    rows = []
    for file in own_files(benchmarks, blocks, timed):
        with open(file, newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t"):
                spent = [_number(row.get(name)) for name in ("s", "cpu_time", "max_rss")]
                rows.append((file.relative_to(benchmarks).parts[0], seeds.get(file.stem, 0), *spent))
    return pd.DataFrame(rows, columns=COLUMNS)


def costs(spent: pd.DataFrame, phases: dict[str, str]) -> list[dict[str, Any]]:
    """Jobs, wall seconds, processor seconds and the largest memory of each rule, and its phase; the dearest first."""
    found = [
        {"rule": rule, "phase": phases.get(str(rule), ""), **_sums(own)}
        for rule, own in spent.groupby("rule", sort=False)
    ]
    return sorted(found, key=lambda row: -row["cpu"])


def phase_costs(spent: pd.DataFrame, phases: dict[str, str], results: Path) -> list[dict[str, Any]]:
    """The same for each phase, with the number and bytes of the files in its folder of results, if it has one."""
    own = spent.assign(phase=spent.rule.map(lambda rule: phases.get(rule, "")))
    files = {folder.name: _files(folder) for folder in sorted(results.glob("*")) if folder.is_dir()}
    named = list(dict.fromkeys([*own.phase, *files]))
    found = [
        {"phase": name or "others", **_sums(own[own.phase == name])}
        | dict(zip(("files", "bytes"), files.get(name, (None, None)), strict=True))
        for name in named
    ]
    return sorted(found, key=lambda row: -row["cpu"])


def phases_of(rules: Path) -> dict[str, str]:
    """Which rule file each rule stands in; they are named after the phases."""
    found = {}
    for path in sorted(rules.glob("*.smk")):
        found |= dict.fromkeys(re.findall(r"^rule (\w+):", path.read_text(), re.M), path.stem)
    return found


def more_seeds(spent: pd.DataFrame, seeds: int, count: int = MORE) -> dict[str, Any]:
    """What so many more seeds would cost in processor seconds, and by how much claims would see smaller effects.

    Jobs that know seeds are taken to cost in proportion to them. ``cpu`` is none where nothing was measured.
    """
    repeated = spent[spent.seeds > 0]
    whole, grows = float(spent.cpu.sum()), float(repeated.cpu.sum())
    per_seed = grows / seeds
    return {
        "count": count,
        "seeds": seeds + count,
        "cpu": per_seed * count if len(repeated) else None,
        "per_seed": per_seed,
        "repeated": len(repeated),
        "once": whole - grows,
        "whole": whole,
        "shrink": _seen(seeds + count) / _seen(seeds) if seeds >= MIN_SEEDS else None,
    }


def _seen(seeds: int) -> float:
    """What so many seeds can see, in units of the standard deviation."""
    # any values with a standard deviation of one
    side = ((seeds - 1) / 2) ** 0.5
    return detectable_effect([side, -side, *[0.0] * (seeds - 2)])


def _sums(own: pd.DataFrame) -> dict[str, Any]:
    memory = float(own.memory.max()) if len(own) else None
    return {"jobs": len(own), "wall": float(own.wall.sum()), "cpu": float(own.cpu.sum()), "memory": memory}


def _files(folder: Path) -> tuple[int, int]:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


def _number(text: str | None) -> float:
    """Snakemake writes a dash for jobs that were too short to measure."""
    return 0.0 if text in (None, "", "-", "NA") else float(text)
