"""What the report says about all papers' networks at equal bytes, dataset by dataset."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from shiftpress.reporting.averages import ATTACK, CLEAN, TITLES, Attack, common_attack
from shiftpress.reporting.cross_figures import pareto
from shiftpress.reporting.cross_tables import COMPARED, FRONT, NEAR, PAPERS, columns_of, compared, networks, scored
from shiftpress.reporting.downloads import csv, latex
from shiftpress.reporting.page import number

MARKS = {FRONT: "front", NEAR: "near", "": ""}


def cross_chapter(frame: pd.DataFrame, dataset: str, kinds: Mapping[str, str]) -> dict[str, Any]:
    """The table and a Pareto plot per column; empty unless networks of two phases have files and accuracies."""
    rows = networks(frame[frame.dataset == dataset])
    if rows[rows.phase.isin(COMPARED)].phase.nunique() < 2:
        return {}
    attack = common_attack(rows[rows.phase.isin(COMPARED)])
    scores, cells = scored(rows, kinds, attack)
    if scores[scores.phase.isin(COMPARED)].phase.nunique() < 2:
        return {}
    unders, table = columns_of(scores), compared(scores)
    columns = [{"under": under, "title": _title(under, cells, attack), "short": TITLES[under]} for under in unders]
    return {
        "papers": {phase: PAPERS[phase] for phase in PAPERS if (scores.phase == phase).any()},
        "columns": columns,
        "rows": table,
        "images": _images(rows),
        "cells": {under: _where(cells[cells.under == under]) for under in unders if under not in (CLEAN, ATTACK)},
        "figures": _figures(scores, dataset, columns),
        "csv": csv(_tidy(table, unders)),
        "latex": _latex(table, columns, dataset),
    }


def _title(under: str, cells: pd.DataFrame, attack: Attack) -> str:
    if under == ATTACK:
        return f"attack: {attack.words}"
    count = cells[cells.under == under]["shift"].nunique()
    return TITLES[under] if under == CLEAN else f"{count} {TITLES[under]}" if count > 1 else cells["shift"].iloc[0]


def _figures(scores: pd.DataFrame, dataset: str, columns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One for each column that has networks enough."""
    found = []
    for column in columns:
        under, words = column["under"], "on clean images" if column["under"] == CLEAN else f"under {column['title']}"
        words = words.replace("under attack:", "under")
        name, title = f"{dataset}-cross-{under}", f"Accuracy {words} against bytes on disk, {dataset}"
        if svg := pareto(scores[scores.under == under], name, title, f"accuracy {words}, %"):
            found.append({"name": name, "under": under, "title": title, "svg": svg})
    return found


def _images(rows: pd.DataFrame) -> dict[str, list[int]]:
    """Clean test images by phase."""
    clean = rows[(rows["shift"] == CLEAN) & (rows.metric == "accuracy")]
    return {PAPERS[phase]: sorted(own.n.unique().tolist()) for phase, own in clean.groupby("phase")}


def _where(cells: pd.DataFrame) -> list[str]:
    """Shifts with the severities that a mean is over."""
    return [
        f"{shift} {', '.join(f'{severity:g}' for severity in sorted(own.severity))}"
        for shift, own in cells.groupby("shift")
    ]


def _tidy(table: list[dict[str, Any]], unders: list[str]) -> pd.DataFrame:
    """A row per network and column with numbers, for a spreadsheet."""
    return pd.DataFrame(
        [
            {"paper": row["paper"], "model": row["model"], "disk_bytes": row["bytes"], "under": under}
            | {"accuracy_percent": found.mean, "low": found.low, "high": found.high, "seeds": found.n}
            | {"pareto": MARKS[cell["place"]], "failed_gates": cell["failed"]}
            for row in table
            for under, cell in zip(unders, row["cells"], strict=True)
            if (found := cell["found"])
        ]
    )


def _latex(table: list[dict[str, Any]], columns: list[dict[str, Any]], dataset: str) -> str:
    heads = ["paper", "model", "kB", *(column["title"] for column in columns)]
    rows = [[row["paper"], row["model"], number(row["bytes"] / 1000, 2), *map(_words, row["cells"])] for row in table]
    caption = (
        f"Networks of all papers on {dataset} by bytes on disk: accuracy in percent ± half of the 95 % interval over "
        "seeds. *: on the Pareto front; ≈: not significantly dominated; (!): the attack failed a sanity gate."
    )
    return latex(heads, rows, caption)


def _words(cell: dict[str, Any]) -> str:
    found = cell["found"]
    if found is None:
        return "–"
    half = f" ± {number(found.half_width, 1)}" if found.half_width is not None else ""
    mark = {FRONT: " *", NEAR: " ≈", "": ""}[cell["place"]]
    return f"{number(found.mean, 1)}{half}{mark}{' (!)' if cell['failed'] else ''}"
