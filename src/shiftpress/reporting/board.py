"""A verdict in words: what the page says beside its numbers."""

from typing import Any

import pandas as pd

from shiftpress.reporting.forest import forest, mark

FACTORS = ("ratio", "trend")
KNOWN = {
    "read": "read in the paper",
    "code": "from the authors' code",
    "data": "printed or published by the authors",
    "digitised": "digitised from their plot",
    "second-hand": "second-hand",
    "reconstruction": "our reconstruction",
}


CHAPTERS = {"codecs": "codecs", "cards": "cards", "decks": "decks", "atmc": "ATMC", "edge": "edge"}
"""Phases that have a chapter, and its name."""


def board(rows: list[dict[str, Any]], frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of claims.json as the page shows them; ``frame`` has the records, which say what chapters are about."""
    models = frame[["dataset", "phase", "model"]].drop_duplicates()
    phases: dict[tuple[str, str], set[str]] = {}
    for dataset, phase, model in models.itertuples(index=False):
        phases.setdefault((dataset, model), set()).add(phase)
    found = [in_words(row) | {"chapters": _chapters(row, phases)} for row in rows]
    return [row | {"plot": forest(row), "mini": mark(row)} for row in found]


def claim_files(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row per claim file: its paper, the commit in which it last changed, how many claims, and how many were late."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if said := row.get("registered"):
            own = {"paper": row["paper"], "commit": said["file_commit"], "claims": 0, "late": 0}
            file = found.setdefault(said["file"], {"file": said["file"]} | own)
            file["claims"] += 1
            file["late"] += bool(said["late"])
    return list(found.values())


def in_words(row: dict[str, Any]) -> dict[str, Any]:
    """A row of claims.json with what its numbers mean, and the same for its parts."""
    late = bool((row.get("registered") or {}).get("late"))
    theirs = next((part["reported"] for part in row["parts"] if part["name"] == row["condition"]), None)
    return _found(row) | {
        "parts": [_found(part) for part in row["parts"]],
        "known": KNOWN.get(row["reported"]["known"], row["reported"]["known"]),
        "paper_value": theirs,
        "off": _off(row, theirs),
        "factor": row["kind"] in FACTORS,
        "sided": "two-sided, level 0.05" if row["sides"] == 2 else "one-sided, level 0.025",
        "written": _written(row),
        "late": late,
    }


def _chapters(row: dict[str, Any], phases: dict[tuple[str, str], set[str]]) -> list[tuple[str, str]]:
    """Anchors and names of the chapters about the models that a claim compares."""
    found = {
        (f"{phase}-{part['dataset']}", f"{CHAPTERS[phase]} on {part['dataset']}")
        for part in row["parts"]
        for phase in phases.get((part["dataset"], part["model"]), ())
        if phase in CHAPTERS
    }
    return sorted(found)


def _found(row: dict[str, Any]) -> dict[str, Any]:
    detectable, unit = _detectable(row)
    return row | {
        "digits": 3 if row["kind"] in FACTORS else 2,
        "threshold": _threshold(row),
        "detectable": detectable,
        "detectable_unit": unit,
        "with_more": _detectable(row, "mde_with_two_more")[0],
    }


def _threshold(row: dict[str, Any]) -> str:
    """Where the effect is claimed to lie."""
    for side in ("above", "below"):
        if row[side] is not None:
            return f"{side} {_short(row[side])}"
    if row["within"]:
        return f"between {_short(row['within'][0])} and {_short(row['within'][1])}"
    return "none, only described"


def _off(row: dict[str, Any], theirs: dict[str, Any] | None) -> float | None:
    """How far the effect is from the one reported: the difference, or of factors the ratio; nothing without both."""
    ours, reported = row.get("effect"), theirs and theirs["value"]
    if ours is None or reported is None:
        return None
    if row["kind"] in FACTORS:
        return ours / reported if reported else None
    return ours - reported


def _short(value: float) -> str:
    """As it was written down."""
    return f"{value:g}".replace("-", "−")


def _detectable(row: dict[str, Any], name: str = "mde") -> tuple[str | None, str]:
    """The smallest effect that these seeds could have told from the threshold, and its unit if it is no percentage."""
    if row.get(name) is None:
        return None, ""
    if row["kind"] in FACTORS:
        return f"{100 * (row[name] - 1):.2g} %", ""
    return f"{row[name]:.2g}", row["unit"]


def _written(row: dict[str, Any]) -> str:
    """When the claim was written down, beside its records; nothing where nobody looked."""
    found = row.get("registered")
    if not found or not found["commit"]:
        return "in no commit yet" if found else ""
    order = {True: "after its records could be seen", False: "before its records", None: "times of records not known"}
    return f"{found['changed']}, commit {found['commit'][:12]}: {order[found['late']]}"
