"""Numbers about networks for the edge: their names taken apart, and accuracy by kind of shift and method."""

import re
from typing import Any

import pandas as pd

from shiftpress.reporting.averages import TITLES
from shiftpress.reporting.standing import gates_in, standings, with_gates

METHODS = {
    "dense": "the whole network, trained as usual",
    "tuned": "the whole network, tuned for as long as pruned ones: the control of equal epochs",
    "prune": "filters removed for good, and what is left tuned",
    "sparse": "single weights removed, the smallest of all layers; where the others stand counts as bits too",
    "kd": "a narrow member of the family, as large as pruned networks, taught by the dense one",
    "no_kd": "the same without a teacher: the control of distillation",
}
"""Those that have names of their own, in their order; a+b is a and then b."""
ROUNDED = re.compile(r"w(\d+)a(\d+)$")
"""Names that quantizers usually have: bits of weights and activations."""
LOSSES = {"excess_loss": "excess loss, points", "effective_robustness": "effective robustness, hundredths of a logit"}


def of_edge(frame: pd.DataFrame) -> pd.DataFrame:
    """Records of the phase with the columns classifier, method, percent and failed; no records that compare them."""
    rows = with_gates(frame[frame.phase == "edge"])
    parts = rows.model.str.split("/", expand=True).reindex(columns=range(3)).astype(object)
    percent = pd.to_numeric(parts[2], errors="coerce")
    return rows.assign(classifier=parts[0], method=parts[1], percent=percent).dropna(subset=["percent"])


def order(method: str) -> tuple[int, int, str]:
    """Those of METHODS, others that stand alone, rounded ones by falling bits, and then combinations."""
    known, bits = list(METHODS), ROUNDED.match(method)
    if method in known:
        return 0, known.index(method), method
    if bits:
        return 2, -int(bits[1]) - int(bits[2]), method
    return (3 if "+" in method else 1), 0, method


def named(scores: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``averaged`` with the parts of their names."""
    parts = scores.model.str.split("/", expand=True).reindex(columns=range(3))
    return scores.assign(classifier=parts[0], method=parts[1], percent=pd.to_numeric(parts[2]))


def pooled(scores: pd.DataFrame) -> pd.DataFrame:
    """A row per method, percent, seed and column: the mean over sizes."""
    by = ["method", "percent", "seed", "under"]
    found = scores.groupby(by).agg(value=("value", "mean"), failed=("failed", gates_in)).reset_index()
    return found.assign(model=found.method + "/" + found.percent.map("{:g}".format))


def by_size(scores: pd.DataFrame) -> list[str]:
    """Classifiers, small to large: by the bytes of their dense networks, or of the largest that there is."""
    largest = scores.sort_values("percent").groupby("classifier")["bytes"].last()
    return sorted(largest.index, key=lambda name: (largest[name], name))


def groups(scores: pd.DataFrame, unders: list[str]) -> list[dict[str, Any]]:
    """By falling share of bits, a row per method as ``standings`` makes them, of one size of network."""
    return [
        {"ratio": percent, "rows": standings(own, unders, order)}
        for percent, own in sorted(scores.groupby("percent"), key=lambda pair: -pair[0])
    ]


def columns_in(scores: pd.DataFrame) -> list[str]:
    """Columns that have numbers, in their order."""
    return [under for under in TITLES if (scores.under == under).any()]
