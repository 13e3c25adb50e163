"""Compressed networks beside each other: their order under attacks, and what one gains over another at equal size."""

from typing import Any

import pandas as pd

from shiftpress.core.statistics import estimate
from shiftpress.reporting.atmc_audit import SIZES
from shiftpress.reporting.atmc_tables import ROLES
from shiftpress.reporting.standing import gates_in


def comparisons(frame: pd.DataFrame, classifier: str) -> pd.DataFrame:
    """Records that compare methods of a classifier, with the columns what (``order`` or two methods) and level."""
    rows = frame[(frame.phase == "atmc") & frame.model.str.startswith(f"{classifier}/")]
    parts = rows.model.str.split("/", expand=True).reindex(columns=range(3)).astype(object)
    rows = rows.assign(what=parts[1], level=pd.to_numeric(parts[2], errors="coerce"))
    rows = rows[(rows.what == "order") | rows.what.str.contains("~")]
    return rows.sort_values(["model", "shift", "severity", "metric", "seed"], ignore_index=True)


def order_table(compared: pd.DataFrame, networks: pd.DataFrame, radius: float) -> dict[str, Any]:
    """A row per falling ratio and a column per attack and strength: Kendall's tau to the paper's attack.

    ``networks`` are the rows of ``of_compressed``: a number is marked with the gates that any of the accuracies failed.
    Without an attack all attacks are alike, so that there is one such column.
    """
    rows = compared[compared.metric == "kendall_tau"]
    cells = sorted(set(zip(rows["shift"], rows.severity, strict=True)), key=lambda cell: (cell[1] > 0, *cell))
    paper = ROLES["paper"][1]
    cells = [cell for cell in cells if cell[1] > 0 or cell[0] in paper]
    reference = networks["shift"].isin(paper) & (networks.severity == radius)
    return {
        "columns": [{"attack": shift.replace("_", " "), "strength": strength} for shift, strength in cells],
        "rows": [
            {"ratio": ratio, "cells": [_tau(rows, networks, reference, ratio, *cell) for cell in cells]}
            for ratio in sorted(rows.level.unique(), reverse=True)
        ],
    }


def _tau(rows: pd.DataFrame, networks: pd.DataFrame, reference: pd.Series, ratio: float, shift: str, strength: float):
    own = rows[(rows.level == ratio) & (rows["shift"] == shift) & (rows.severity == strength)]
    here = (networks["shift"] == shift) & (networks.severity == strength)
    behind = networks[(networks.ratio == ratio) & (here | reference)]
    return {"found": estimate(own["value"].tolist()) if len(own) else None, "failed": gates_in(behind.failed)}


def gap_table(compared: pd.DataFrame, scores: pd.DataFrame, columns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row per two methods and way of counting: points that the first is better by at equal size, column by column.

    ``scores`` is what ``scored`` returns, and ``columns`` its columns.
    """
    rows = compared[compared.what.str.contains("~")]
    found = []
    for what in dict.fromkeys(rows.what):
        first, second = what.split("~")
        for size, words in SIZES.items():
            own = rows[(rows.what == what) & rows.metric.str.endswith(f"_at_{size}")]
            if len(own):
                cells = [_gap(own, scores[scores.method.isin([first, second])], column["under"]) for column in columns]
                found.append({"first": first, "second": second, "size": words, "cells": cells})
    return found


def _gap(rows: pd.DataFrame, scores: pd.DataFrame, under: str) -> dict[str, Any]:
    behind = scores[scores.under == under]
    cells = behind[["shift", "severity"]].drop_duplicates()
    own = rows.merge(cells, on=["shift", "severity"])
    return {
        "found": estimate((100 * own["value"]).tolist()) if len(own) else None,
        "failed": gates_in(behind.failed),
    }
