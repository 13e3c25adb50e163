"""Robust accuracies of models, with what failed a sanity gate marked."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from shiftpress.core.adversarial import ROBUST, UNRELIABLE, WORST
from shiftpress.core.statistics import estimate
from shiftpress.reporting.tables import card_order


def robust_table(frame: pd.DataFrame, order: Callable[[str], Any] = card_order) -> dict[str, Any]:
    """A row per model and a column per attack and strength, in percent; of each cell, the gates it failed.

    No rows if nothing was attacked. The worst of all attacks stands last.
    """
    rows = frame[frame.metric == ROBUST]
    cells = rows[["shift", "severity"]].drop_duplicates()
    columns = sorted(cells.itertuples(index=False, name=None), key=lambda c: (c[0].startswith(WORST), *c))
    failures = frame[frame.metric.str.startswith(f"{UNRELIABLE}/") & (frame.value > 0)]
    found, failed = (dict(list(of.groupby(["model", "shift", "severity"]))) for of in (rows, failures))
    return {
        "columns": [{"attack": shift.replace("_", " "), "strength": strength} for shift, strength in columns],
        "rows": [
            {"model": model, "cells": [_cell(found.get((model, *c)), failed.get((model, *c))) for c in columns]}
            for model in sorted(rows.model.unique(), key=order)
        ],
    }


def _cell(rows: pd.DataFrame | None, failures: pd.DataFrame | None) -> dict[str, Any]:
    values = [] if rows is None else (100 * rows.sort_values("seed")["value"]).tolist()
    gates = [] if failures is None else failures.metric.str.removeprefix(f"{UNRELIABLE}/").unique()
    return {"found": estimate(values) if values else None, "failed": ", ".join(sorted(gates)), "n": len(values)}
