"""Decks under attack: robust accuracy by the route that an attack took through the gate."""

from typing import Any

import pandas as pd

from shiftpress.core.adversarial import BESIDE, ROBUST, THROUGH, UNRELIABLE, WORST
from shiftpress.core.statistics import Estimate, estimate
from shiftpress.reporting.tables import card_order

CLEAN, OWN, SOFT, DECISIONS, ALL, WHATEVER, MORE = range(7)
COLUMNS = [
    "as they are",
    "own gradients",
    "soft gate",
    "gate's decisions",
    "all routes",
    "whatever the gate decides",
    "soft gate finds more",
]
KEYS = ["shift", "model", "severity"]


def attacked_decks(frame: pd.DataFrame) -> dict[str, Any]:
    """A row per attack, deck behind a gate or card by itself, and radius, in percent; the gates that the attack failed.

    With ``more``: what the soft gate finds beyond the hard gate's own gradients, and all routes together, over the rows
    that have both.
    """
    rows = frame[(frame.phase == "decks") & ~frame["shift"].str.startswith(WORST)]
    rows = rows.assign(value=100 * rows["value"])
    tried = rows[(rows.metric == ROBUST) & (rows.severity > 0)][KEYS].drop_duplicates()
    # cards by themselves, whose names have more parts, after the decks
    order = lambda key: (key[0], key[1].count("/") > 1, card_order(key[1]), key[2])  # noqa: E731
    found = [_row(rows, *key) for key in sorted(tried.itertuples(index=False, name=None), key=order)]
    return {"columns": COLUMNS, "rows": found, "more": _more(found)}


def _row(rows: pd.DataFrame, attack: str, model: str, radius: float) -> dict[str, Any]:
    here = rows[(rows["shift"] == attack) & (rows.model == model)]
    still, here = here[here.severity == 0], here[here.severity == radius]

    def of(metric: str, part: pd.DataFrame = here) -> pd.Series:
        return part[part.metric == metric].set_index("seed")["value"].sort_index()

    worst, own, soft = of(ROBUST), of(f"{THROUGH}own"), of(f"{THROUGH}soft_gate")
    own = own if len(own) else worst  # without a gate that decides there is one route
    columns = [
        of(ROBUST, still), own, soft, of(f"{THROUGH}decisions"), worst, of(f"{BESIDE}decisions"), (own - soft).dropna()
    ]  # fmt: skip
    failed = here[here.metric.str.startswith(f"{UNRELIABLE}/") & (here.value > 0)].metric
    return {
        "attack": attack.replace("_", " "),
        "model": model,
        "radius": radius,
        "cells": [_estimate(column) for column in columns],
        "beyond": _estimate((own - worst).dropna()),
        "failed": ", ".join(sorted(failed.str.removeprefix(f"{UNRELIABLE}/").unique())),
    }


def _estimate(column: pd.Series) -> Estimate | None:
    return estimate(column.tolist()) if len(column) else None


def _more(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Of the rows with a soft gate: in how many it finds more beyond the interval, or fewer; where it finds most."""
    rows = [row for row in rows if row["cells"][MORE] is not None]
    if not rows:
        return None
    found = [row["cells"][MORE] for row in rows]
    return {
        "of": len(rows),
        "above": sum(one.low is not None and one.low > 0 for one in found),
        "below": sum(one.high is not None and one.high < 0 for one in found),
        "most": max(rows, key=lambda row: row["cells"][MORE].mean),
        "together": max(rows, key=lambda row: row["beyond"].mean),
    }
