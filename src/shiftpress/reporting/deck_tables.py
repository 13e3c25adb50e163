"""Numbers about decks that several figures and tables show."""

from typing import Any

import pandas as pd

from shiftpress.core.statistics import estimate
from shiftpress.reporting.card_tables import CORRUPTIONS, FAMILIES

ORACLE, AGNOSTIC, BEST = "oracle", "uniform", "best"
"""Gates by the names that their entries usually have, and the best single card of a deck."""
SPECIAL = ("mixed", "drift", "storage")
"""In place of a shift."""
COLUMNS = ["clean", *FAMILIES, "all", "mixed", "cards", "kilobytes"]
HEADS = {"all": "all corruptions", "cards": "cards per image", "kilobytes": "kB"}


def of_decks(frame: pd.DataFrame) -> pd.DataFrame:
    """Records of decks with the columns deck, gate and batch; cards by themselves have no gate, and no batch is 0."""
    rows = frame[frame.phase == "decks"]
    rows = rows.sort_values(["dataset", "model", "shift", "metric", "severity", "seed"], ignore_index=True)
    parts = rows.model.str.split("/", expand=True).reindex(columns=range(3)).astype(object)
    # a card's own name has a dense or a sparsity in it, and more parts than a gate has
    alone = rows.model.str.count("/") > 2
    gate = parts[1].where(~alone)
    return rows.assign(deck=parts[0].where(~alone), gate=gate, batch=pd.to_numeric(parts[2], errors="coerce").fillna(0))


def robust(rows: pd.DataFrame) -> pd.DataFrame:
    """A row per model and seed: accuracy in percent, mean over the corruptions there are, each counting alike."""
    keys = ["model", "deck", "gate", "batch", "seed"]
    return _mean(_mean(by_cell(rows), [*keys, "shift"]), keys)


def by_cell(rows: pd.DataFrame) -> pd.DataFrame:
    """Accuracy in percent under the corruptions."""
    rows = rows[(rows.metric == "accuracy") & rows["shift"].isin(CORRUPTIONS) & (rows.severity != 0)]
    return rows.assign(value=100 * rows["value"])


def less(rows: pd.DataFrame, other: str) -> pd.DataFrame:
    """The rows with the value of another model of the same seed and cell taken off; cells without it are left out."""
    cell = ["seed", "shift", "severity"]
    theirs = rows[rows.model == other].set_index(cell)["value"].rename("other")
    found = rows.join(theirs, on=cell, how="inner")
    return found.assign(value=found["value"] - found.other).drop(columns="other")


def regret_table(decks: pd.DataFrame) -> list[dict[str, Any]]:
    """A row per deck and gate: points of accuracy below the best augmentation of each cell, and what the gate costs."""
    rows = decks[decks.metric == "accuracy"]
    rows = rows.assign(value=100 * rows["value"])
    found = []
    for deck in sorted(rows[rows.gate == ORACLE].deck.unique()):
        own = rows[rows.deck == deck]
        regret = less(own, f"{deck}/{ORACLE}").assign(value=lambda r: -r["value"])
        for model in sorted(set(own.model) - {f"{deck}/{ORACLE}"}, key=_order):
            found.append({"model": model, "cells": _regrets(regret[regret.model == model], decks, deck, model)})
    return found


def _regrets(rows: pd.DataFrame, decks: pd.DataFrame, deck: str, model: str) -> list[Any]:
    places = {"clean": ["clean"], **FAMILIES, "all": CORRUPTIONS, "mixed": ["mixed"]}
    per_seed = {name: _seeds(rows[rows["shift"].isin(shifts)]) for name, shifts in places.items()}
    used = decks[(decks.model == model) & (decks.metric == "cards_used") & ~decks["shift"].isin(SPECIAL)]
    alone = 1.0 if model.endswith(f"/{BEST}") else None
    size = decks[(decks.model == deck) & (decks.metric == "disk_bytes")]
    per_seed["cards"] = [alone] if alone else used.groupby("seed")["value"].mean().tolist()
    per_seed["kilobytes"] = [] if alone else (size["value"] / 1000).tolist()
    return [estimate(per_seed[name]) if per_seed[name] else None for name in COLUMNS]


def _seeds(rows: pd.DataFrame) -> list[float]:
    """One number per seed; every shift counts alike."""
    return rows.groupby(["seed", "shift"])["value"].mean().groupby("seed").mean().tolist()


def _order(model: str) -> tuple[str, str, float]:
    deck, gate, *batch = model.split("/")
    return deck, gate, float(batch[0]) if batch else 0.0


def _mean(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return rows.groupby(keys, sort=True, dropna=False)["value"].mean().reset_index()
