"""What compressed networks weigh, by every way of counting."""

import re
from typing import Any

import pandas as pd

from shiftpress.core.statistics import Estimate, estimate
from shiftpress.reporting.atmc_tables import WHOLE, method_order

SIZES = {
    "size_paper": "by the paper's formula",
    "size_indexed": "by the formula, with places",
    "size_disk": "on disk",
}
"""Ways of counting that networks are compared by: shares of the bits of the dense weights."""
COLUMNS = {
    "nonzero": ("entries, %", 2),
    "codes": ("codes alone, %", 2),
    "size_paper": ("with codebooks: the paper's formula, %", 2),
    "size_indexed": ("with places, %", 2),
    "size_disk": ("on disk, %", 2),
    "kilobytes": ("whole file, kB", 1),
    "of_dense_file": ("of the dense net's file, %", 2),
    "codebook_values": ("most values in a matrix", 0),
    "entries_beside": ("entries beside the pruned weights, %", 3),
}
"""Of the audit: what they are called, and digits."""
MADE = ("codes", "kilobytes", "of_dense_file")
"""Columns that are made of metrics of other names."""
RECORDED = ("size_values", "disk_bytes", *(name for name in COLUMNS if name not in MADE))
SHARES = ("nonzero", "codes", "size_paper", "size_indexed", "size_disk", "of_dense_file", "entries_beside")
QUANTISED = re.compile(r"atmc(\d+)$")
UNQUANTISED = "atmc32"


def sizes(rows: pd.DataFrame) -> pd.DataFrame:
    """A row per network and seed of ``of_compressed``, and a column per way of counting; shares in percent.

    ``codes`` is what the formula charges for values, where it charges codebooks at all: where every number keeps its 32
    bits there are none. ``of_dense_file`` is the file's share of that of the smallest whole network of the same seed.
    """
    stored = rows[rows["shift"] == "storage"]
    keys = ["classifier", "method", "ratio", "model", "seed"]
    wide = stored.pivot(index=keys, columns="metric", values="value").reset_index()
    wide = wide.reindex(columns=[*keys, *RECORDED])
    coded = wide.size_paper < wide.nonzero * (1 - 1e-9)
    whole = wide[wide.ratio == WHOLE].groupby(["classifier", "seed"]).disk_bytes.min().rename("whole")
    wide = wide.join(whole, on=["classifier", "seed"])
    wide = wide.assign(codes=wide.size_values.where(coded), of_dense_file=wide.disk_bytes / wide.whole)
    wide = wide.assign(kilobytes=wide.disk_bytes / 1000)
    return wide.assign(**{name: 100 * wide[name] for name in SHARES})


def audit_groups(table: pd.DataFrame) -> list[dict[str, Any]]:
    """By falling ratio, a row per method: an estimate for each of COLUMNS, or none."""
    return [
        {
            "ratio": ratio,
            "rows": [
                {"model": own.model.iloc[0], "cells": [_estimate(own[name]) for name in COLUMNS]}
                for _, own in sorted(here.groupby("method"), key=lambda pair: method_order(pair[0]))
            ],
        }
        for ratio, here in sorted(table.groupby("ratio"), key=lambda pair: -pair[0])
    ]


def saved(table: pd.DataFrame, theirs: pd.DataFrame) -> list[dict[str, Any]]:
    """What fewer bits save: size as a share of that of ATMC without quantisation, same ratio and seed.

    Cells are by each of SIZES. ``theirs`` are the poster's numbers; its points are taken to be at
    the same ratios where both have as many.
    """
    whole = table[table.method == UNQUANTISED].set_index(["ratio", "seed"])[list(SIZES)]
    known = _saved_there(theirs)
    found = []
    for method in sorted(filter(QUANTISED.match, table.method.unique()), key=method_order):
        own = table[table.method == method].set_index(["ratio", "seed"])[list(SIZES)]
        shares = (own / whole).dropna() if method != UNQUANTISED else own.iloc[:0]
        for ratio in sorted(shares.index.unique("ratio"), reverse=True):
            here = shares.xs(ratio, level="ratio")
            cells = [_estimate(here[name]) for name in SIZES]
            found.append({"method": method, "ratio": ratio, "cells": cells, "poster": known.get((method, ratio))})
    return found


def _saved_there(theirs: pd.DataFrame) -> dict[tuple[str, float], float]:
    """The same of the poster, by method and ratio in percent."""
    clean = theirs[theirs["shift"] == "clean"]
    points = {name: sorted(own.percent) for name, own in clean.groupby("method")}
    whole = points.get(UNQUANTISED, [])
    return {
        (name, round(base, 9)): size / base
        for name, own in points.items()
        if QUANTISED.match(name) and len(own) == len(whole)
        for size, base in zip(own, whole, strict=True)
    }


def _estimate(values: pd.Series) -> Estimate | None:
    there = values.dropna().tolist()
    return estimate(there) if there else None
