"""Numbers about compressed networks under attack: clean and robust accuracy, method by method and ratio by ratio."""

from typing import Any

import pandas as pd

from shiftpress.core.adversarial import ROBUST
from shiftpress.reporting.standing import standings, with_gates

METHODS = {
    "da": "the whole network, trained under attack (dense adversarial training)",
    "dense_long": "the same in one schedule instead of two",
    "trades": "the whole network, trained by TRADES",
    "nap": "weights pruned once, without any attack in training",
    "ap": "weights pruned once, under attack",
    "al0": "weights pruned anew after every step, under attack",
    "alr": "low rank, under attack; its ratios are shares of singular values, so its sizes are not those of the others",
    "atmc32": "ATMC without quantisation: factors and a remainder, pruned anew after every step, under attack",
    "atmc8": "ATMC with at most 256 values in each matrix",
    "atmc4": "ATMC with at most 16 values in each matrix",
    "atmc32_counted": "ATMC without quantisation, the ones of the identity counted as entries",
    "atmc8_trades": "ATMC with at most 256 values in each matrix, from a base trained by TRADES",
}
"""Entries by the names that they usually have, in the order in which they are shown."""
WHOLE = 100.0
"""Ratio, in percent, of networks that keep all weights."""
CLEAN = "clean"
ROLES = {
    role: (words, [role, f"{role}_fashion", f"{role}_cifar"])
    for role, words in (("paper", "the paper's attack"), ("pgd", "PGD"), ("auto", "AutoAttack"))
}
"""Attacks that have a figure and a column: what they are called, and the names that their entries usually have."""


def of_compressed(frame: pd.DataFrame) -> pd.DataFrame:
    """Records of compressed networks with the columns classifier, method, ratio (percent) and failed.

    The last are the sanity gates that what a record is about has failed, joined by commas. Records that compare
    methods are left out.
    """
    rows = with_gates(frame[frame.phase == "atmc"])
    parts = rows.model.str.split("/", expand=True).reindex(columns=range(3)).astype(object)
    rows = rows.assign(classifier=parts[0], method=parts[1], ratio=pd.to_numeric(parts[2]).fillna(WHOLE))
    return rows[~rows.method.str.contains("~") & (rows.method != "order")]


def scored(rows: pd.DataFrame, radius: float) -> pd.DataFrame:
    """A row per network, seed and column of the tables, named in ``under``: accuracy in percent.

    Of each attack, the radius nearest to the one that networks were trained under.
    """
    clean = rows[(rows.metric == "accuracy") & (rows["shift"] == CLEAN) & (rows.severity == 0)]
    found = [clean.assign(under=CLEAN)]
    robust = rows[(rows.metric == ROBUST) & (rows.severity > 0)]
    for role, (_, names) in ROLES.items():
        own = robust[robust["shift"].isin(names)]
        if len(own):
            nearest = min(own.severity.unique(), key=lambda size: (abs(size - radius), size))
            found.append(own[own.severity == nearest].assign(under=role))
    whole = pd.concat(found, ignore_index=True)
    return whole.assign(value=100 * whole["value"])


def columns_of(scores: pd.DataFrame) -> list[dict[str, Any]]:
    """Of the tables: what is attacked with, and how strongly."""
    there = scores.groupby("under")["severity"].first()
    heads = {CLEAN: "clean"} | {role: words for role, (words, _) in ROLES.items()}
    return [{"under": under, "title": heads[under], "radius": there[under]} for under in heads if under in there.index]


def accuracy_groups(scores: pd.DataFrame) -> list[dict[str, Any]]:
    """By falling ratio, a row per method: under each column its estimate, the gates it failed, and how it stands.

    ``stands`` is best, tied or nothing, among the methods of the same ratio that failed no gate.
    """
    columns = [column["under"] for column in columns_of(scores)]
    return [
        {"ratio": ratio, "rows": standings(own, columns, method_order)}
        for ratio, own in sorted(scores.groupby("ratio"), key=lambda pair: -pair[0])
    ]


def method_order(method: str) -> tuple[int, str]:
    """As in METHODS, then by name."""
    known = list(METHODS)
    return known.index(method) if method in known else len(known), method


def by_method(column: pd.Series) -> pd.Series:
    """Key to sort by, of a column ``method``; others stay as they are."""
    return column.map(method_order) if column.name == "method" else column
