"""What networks for the edge cost: bytes, milliseconds, and what whole numbers change in what they say."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from shiftpress.core.statistics import Estimate, estimate
from shiftpress.reporting.edge_tables import order

Times = Mapping[str, Mapping[str, float]]
"""Milliseconds per image, one thread: by model and by batch."""
HEADS = {
    "kilobytes": ("file, kB", 1),
    "of_dense": ("of the dense net's file, %", 1),
    "agreement": ("integers agree, %", 2),
    "accuracy": ("accuracy, rounded in float32, %", 2),
    "integer": ("accuracy, integers, %", 2),
}
"""Columns of estimates: what they are called, and digits."""


def costs_table(rows: pd.DataFrame, times: Times, sizes: list[str]) -> dict[str, Any]:
    """A row per network of ``of_edge``, size by size as in ``sizes``: estimates for each of HEADS, and times.

    Of times, milliseconds and how often those of the dense network of the same size they are faster, by batch.
    """
    models = rows[rows.classifier.isin(sizes)].drop_duplicates("model")
    batches = sorted({batch for model in models.model for batch in times.get(model, {})}, key=int)
    table = [
        {
            "model": one.model,
            "classifier": one.classifier,
            "method": one.method,
            "percent": one.percent,
            "cells": _estimates(rows, one.model, f"{one.classifier}/dense/100"),
            "times": _times(times, one.model, f"{one.classifier}/dense/100", batches),
        }
        for one in models.itertuples()
    ]
    table.sort(key=lambda row: (sizes.index(row["classifier"]), -row["percent"], order(row["method"])))
    # columns of what this tier did not measure would be dashes from top to bottom
    there = [place for place in range(len(HEADS)) if any(row["cells"][place] for row in table)]
    heads = [list(HEADS)[place] for place in there]
    return {
        "heads": [HEADS[name] for name in heads],
        "integers": "agreement" in heads,
        "batches": batches,
        "rows": [row | {"cells": [row["cells"][place] for place in there]} for row in table],
    }


def _estimates(rows: pd.DataFrame, model: str, dense: str) -> list[Estimate | None]:
    own, whole = _by_metric(rows, model), _by_metric(rows, dense)
    bytes_ = own.get("disk_bytes", pd.Series(dtype=float))
    values = {
        "kilobytes": bytes_ / 1000,
        "of_dense": 100 * bytes_ / whole.get("disk_bytes", pd.Series(dtype=float)),
        "agreement": 100 * own.get("integer_agreement", pd.Series(dtype=float)),
        "accuracy": 100 * own["accuracy"] if "integer_accuracy" in own else pd.Series(dtype=float),
        "integer": 100 * own.get("integer_accuracy", pd.Series(dtype=float)),
    }
    there = [values[name].dropna().tolist() for name in HEADS]
    return [estimate(found) if found else None for found in there]


def _by_metric(rows: pd.DataFrame, model: str) -> dict[str, pd.Series]:
    """Of clean images and files, by seed."""
    own = rows[(rows.model == model) & rows["shift"].isin(["clean", "storage"])]
    return {str(metric): found.set_index("seed")["value"] for metric, found in own.groupby("metric")}


def _times(times: Times, model: str, dense: str, batches: list[str]) -> list[dict[str, float] | None]:
    own, whole = times.get(model, {}), times.get(dense, {})
    return [
        {"ms": own[batch], "faster": whole[batch] / own[batch] if batch in whole else None} if batch in own else None
        for batch in batches
    ]
