"""How networks stand beside each other in a column of a table, and which numbers failed a sanity gate."""

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from shiftpress.core.doubted import CELL, failures, marked
from shiftpress.core.statistics import estimate
from shiftpress.reporting.marks import best_of


def with_gates(frame: pd.DataFrame) -> pd.DataFrame:
    """Records, sorted, with the column failed: the gates that what a record is about has failed, joined by commas."""
    # sums of floating-point numbers depend on their order
    rows = frame.sort_values([*CELL, "metric"], ignore_index=True)
    return marked(rows, failures(rows))


def standings(scores: pd.DataFrame, unders: list[str], order: Callable[[str], Any]) -> list[dict[str, Any]]:
    """A row per method: in each column its estimate, the gates it failed, and how it stands among the others.

    ``scores`` has the columns model, method, seed, under, value and failed. ``stands`` is best, tied or nothing, among
    methods that failed no gate.
    """
    stands = {under: _stands(scores[scores.under == under]) for under in unders}
    return [
        {
            "model": scores[scores.method == method].model.iloc[0],
            "cells": [_cell(scores, method, under, stands[under].get(method, "")) for under in unders],
        }
        for method in sorted(scores.method.unique(), key=order)
    ]


def gates_in(failed: Iterable[str]) -> str:
    """Every gate that is named in any of them, once."""
    return ", ".join(sorted({gate for names in failed if names for gate in names.split(", ")}))


def _stands(own: pd.DataFrame) -> dict[str, str]:
    doubted = set(own[own.failed != ""].method)
    return best_of(own[~own.method.isin(doubted)].pivot(index="seed", columns="method", values="value"))


def _cell(scores: pd.DataFrame, method: str, under: str, stands: str) -> dict[str, Any]:
    own = scores[(scores.method == method) & (scores.under == under)]
    return {
        "found": estimate(own["value"].tolist()) if len(own) else None,
        "failed": gates_in(own.failed),
        "stands": stands,
    }
