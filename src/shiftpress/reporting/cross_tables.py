"""Networks of all papers beside each other: what they weigh on disk, and accuracy where all of them were scored."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr

from shiftpress.core.statistics import LEVEL, MIN_SEEDS, estimate
from shiftpress.reporting.averages import CLEAN, TITLES, Attack, accuracies, averaged
from shiftpress.reporting.standing import gates_in, with_gates

PAPERS = {"cards": "CARDs", "atmc": "ATMC", "edge": "edge", "decks": "decks of cards"}
"""Phases that are compared, by what the page calls their networks."""
COMPARED = ("cards", "atmc", "edge")
"""Those that decide on which shifts; decks have places of their own, on fewer images."""
AGNOSTIC = "uniform"
"""Of decks, those behind this gate."""
FRONT, NEAR = "front", "near"
_CELL = ["under", "shift", "severity"]


def networks(frame: pd.DataFrame) -> pd.DataFrame:
    """Records of the networks that are compared, with the gates they failed; no records that compare networks."""
    rows = frame[frame.phase.isin(PAPERS)]
    compares = rows.model.str.contains("~") | rows.model.str.contains(r"/order(?:/|$)")
    deck = rows.phase == "decks"
    gated = rows.model.str.fullmatch(f"[^/]+/{AGNOSTIC}") | ~rows.model.str.contains("/")
    rows = rows[~compares & ~rows.model.str.endswith("/best") & (~deck | gated)]
    return with_gates(rows)


def bytes_of(rows: pd.DataFrame) -> pd.Series:
    """Measured bytes on disk by phase and model: mean over seeds. A deck's are those of all its cards in one file."""
    stored = rows[(rows["shift"] == "storage") & (rows.metric == "disk_bytes")]
    deck = stored.phase == "decks"
    models = stored.model.mask(deck, stored.model + f"/{AGNOSTIC}")
    return stored.assign(model=models).groupby(["phase", "model"])["value"].mean()


def common(rows: pd.DataFrame, kinds: Mapping[str, str], attack: Attack) -> pd.DataFrame:
    """Accuracies in the cells that every phase of COMPARED has that is there."""
    found = accuracies(rows, kinds, attack)
    deciding = found[found.phase.isin(COMPARED) & (found.under != "attack")]
    phases = deciding.groupby(_CELL).phase.nunique()
    cells = phases[phases == deciding.phase.nunique()].index
    inside = pd.MultiIndex.from_frame(found[_CELL]).isin(cells)
    return found[inside | (found.under == "attack")]


def scored(rows: pd.DataFrame, kinds: Mapping[str, str], attack: Attack) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row per network, seed and column with its bytes, and the common cells that the columns are means over."""
    cells = common(rows, kinds, attack)
    table = averaged(cells).join(bytes_of(rows).rename("bytes"), on=["phase", "model"])
    return table.dropna(subset=["bytes"]), cells[_CELL].drop_duplicates()


def compared(scores: pd.DataFrame) -> list[dict[str, Any]]:
    """A row per network by rising bytes: under each column of ``columns_of`` its estimate, gates and place."""
    unders = columns_of(scores)
    places = {under: standing_out(scores[scores.under == under]) for under in unders}
    rows = [
        {
            "phase": phase,
            "paper": PAPERS[phase],
            "model": model,
            "bytes": own.bytes.iloc[0],
            "cells": [_cell(own[own.under == under], places[under].get((phase, model), "")) for under in unders],
        }
        for (phase, model), own in scores.groupby(["phase", "model"])
    ]
    return sorted(rows, key=lambda row: (row["bytes"], row["phase"], row["model"]))


def columns_of(scores: pd.DataFrame) -> list[str]:
    """Columns that have numbers, in their order."""
    return [under for under in TITLES if under == CLEAN or (scores.under == under).any()]


def standing_out(own: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Of one column: networks on the Pareto front, and those that are not significantly dominated.

    On the front: nothing that is no larger is as accurate, or better. Near it: nothing no larger is better by Welch's
    t test over seeds, one-sided at 2.5 %. What failed a sanity gate takes no part.
    """
    doubted = own[own.failed != ""][["phase", "model"]].apply(tuple, axis=1).unique() if len(own) else []
    own = own[[key not in set(doubted) for key in zip(own.phase, own.model, strict=True)]]
    table = own.groupby(["phase", "model"]).agg(
        size=("bytes", "first"), mean=("value", "mean"), var=("value", "var"), n=("value", "size")
    )
    size, mean = table["size"].to_numpy(), table["mean"].to_numpy()
    smaller = size[:, None] <= size[None, :]  # [j, i]: j is no larger than i
    beats = smaller & (mean[:, None] >= mean[None, :])
    beats &= (size[:, None] < size[None, :]) | (mean[:, None] > mean[None, :])
    surely = smaller & (_chance(table) <= LEVEL)
    near = ~surely.any(0) & (table.n >= MIN_SEEDS).to_numpy()
    words = np.where(~beats.any(0), FRONT, np.where(near, NEAR, "")).tolist()
    return dict(zip(table.index, words, strict=True))


def _chance(table: pd.DataFrame) -> np.ndarray:
    """[j, i]: p of the mean of j being no greater than that of i, by Welch's t test; 1 with too few seeds."""
    mean, n = table["mean"].to_numpy(), table.n.to_numpy()
    error = table["var"].fillna(0.0).to_numpy() / n
    both = error[:, None] + error[None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (mean[:, None] - mean[None, :]) / np.sqrt(both)
        parts = error**2 / np.maximum(n - 1, 1)
        freedom = both**2 / (parts[:, None] + parts[None, :])
        p = stdtr(freedom, -t)
    # without any spread the means decide
    p = np.where(both > 0, p, np.where(mean[:, None] > mean[None, :], 0.0, 1.0))
    return np.where((n[:, None] >= MIN_SEEDS) & (n[None, :] >= MIN_SEEDS), p, 1.0)


def _cell(own: pd.DataFrame, place: str) -> dict[str, Any]:
    found = estimate(own["value"].tolist()) if len(own) else None
    return {"found": found, "failed": gates_in(own.failed), "place": place}
