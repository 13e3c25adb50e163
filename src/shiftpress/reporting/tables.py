"""Tidy tables from records."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from shiftpress.core.params import Formats
from shiftpress.core.records import DIVERGED, Record
from shiftpress.core.statistics import Estimate, estimate_rows
from shiftpress.reporting.marks import best_of

SIZES = ("rate_bits", "disk_bits", "file_bits")
AVERAGED = "averaged over the severities of a shift but 0"
AT = {AVERAGED: None, "at its mildest severity": "min", "at its severest": "max"}
"""What a table may show of a shift's severities, and of their sizes which."""
MAIN = {"codecs": "distortion_se"}
"""What a phase is about, if not accuracy."""
CELL = ["phase", "dataset", "model", "shift", "severity", "metric"]


def scores(records: Iterable[Record]) -> pd.DataFrame:
    """One row per record, sorted. Raises ValueError if a cell has two values for one seed."""
    frame = pd.DataFrame([record.model_dump() for record in records], columns=list(Record.model_fields))
    twice = frame.duplicated([*CELL, "seed"])
    if twice.any():
        raise ValueError(f"two records for one cell and seed: {frame[twice].iloc[0].to_dict()}")
    return frame.sort_values([*CELL, "seed"], ignore_index=True)


def estimates(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Mean over seeds with its interval for every group; columns ``by``, mean, low, high, n."""
    places = frame.groupby(by, sort=False).ngroup().to_numpy()
    order = np.argsort(places, kind="stable")
    order = order[places[order] >= 0]  # no group without a name
    counts = np.bincount(places[order])
    first = np.cumsum(counts) - counts
    found = frame[by].iloc[order[first]].reset_index(drop=True)
    values = frame["value"].to_numpy(dtype=float)[order]
    numbers = np.full((3, len(counts)), np.nan)
    for count in np.unique(counts):
        own = counts == count
        numbers[:, own] = estimate_rows(values[first[own][:, None] + np.arange(count)])
    mean, low, high = numbers
    return found.assign(mean=mean, low=_or_none(low), high=_or_none(high), n=counts)


def _or_none(ends: np.ndarray) -> Any:
    """Ends of intervals; if none has one, None."""
    return None if np.isnan(ends).all() else ends


def accuracy_table(
    frame: pd.DataFrame, dataset: str, shifts: list[str], phase: str = "cards", order: Any = None, at: str = AVERAGED
) -> list[dict[str, Any]]:
    """A row per model of a phase: accuracy in percent under each shift, at those of its severities that AT names.

    With each cell stands whether it is the best of its column or tied with that.
    """
    rows = frame[(frame.phase == phase) & (frame.metric == "accuracy") & (frame.dataset == dataset)]
    seeds = _by_seed(rows.assign(value=rows.value * 100), at)
    columns = {shift: own.droplevel("shift").unstack("model") for shift, own in seeds.groupby("shift")}
    marks = {shift: best_of(columns[shift]) if shift in columns else {} for shift in shifts}
    table = _table(seeds, shifts, order or card_order)
    return [row | {"stands": [marks[shift].get(row["model"], "") for shift in shifts]} for row in table]


def distortion_table(frame: pd.DataFrame, dataset: str, shifts: list[str], at: str = AVERAGED) -> list[dict[str, Any]]:
    """A row per codec: squared error per image under each shift, at those of its severities that AT names."""
    rows = frame[(frame.phase == "codecs") & (frame.metric == "distortion_se") & (frame.dataset == dataset)]
    return _table(_by_seed(rows, at), shifts, formats_last)


def sizes_table(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A row per codec: bits of an image by likelihood, in one stream with all, and in a file of its own; how many."""
    rows = frame[(frame.phase == "codecs") & frame.metric.isin(SIZES)]
    same = rows[rows.severity == 0]
    means, images = same.groupby(["model", "metric"])["value"].mean(), same.groupby("model")["n"].max()
    return [
        {"model": model, "bits": [means.get((model, metric)) for metric in SIZES], "images": images.get(model)}
        for model in sorted(rows.model.unique(), key=formats_last)
    ]


def formats_last(model: str) -> tuple[bool, str]:
    """Order of codecs: what is trained comes before image formats."""
    return model.split("/")[0] in Formats.model_fields, model


def displacement_table(frame: pd.DataFrame, shifts: list[str]) -> list[dict[str, Any]]:
    """A row per shift and severity: what the shift did to the images."""
    rows = frame[frame.phase == "shifts"]
    wide = rows.pivot_table(index=["shift", "severity"], columns="metric", values="value").reset_index()
    order = {name: position for position, name in enumerate(shifts)}
    wide = wide.sort_values(["shift", "severity"], key=lambda c: c.map(order) if c.name == "shift" else c)
    return wide.to_dict("records")


def _table(seeds: pd.Series, shifts: list[str], order: Any) -> list[dict[str, Any]]:
    """From what ``_by_seed`` returns."""
    found = estimates(seeds.reset_index(name="value"), ["model", "shift"])
    found = found.astype(object).where(found.notna(), None)
    cells = {(model, shift): Estimate(*own) for model, shift, *own in found.itertuples(index=False, name=None)}
    models = sorted(seeds.index.unique("model"), key=order)
    return [{"model": model, "cells": [cells.get((model, shift)) for shift in shifts]} for model in models]


def _by_seed(rows: pd.DataFrame, at: str) -> pd.Series:
    """Means of models, shifts and seeds: over the severities but 0, or those AT names.

    A shift that no model is scored under but at 0 is the clean one. A model that is scored at 0 alone, where others are
    shifted, has no value there.
    """
    severe = rows.severity != 0
    others = severe.groupby(rows["shift"]).transform("any")
    rows = rows[severe | ~others]
    if AT[at]:
        sizes = rows.severity.abs()
        rows = rows[sizes == sizes.groupby([rows.model, rows["shift"]]).transform(AT[at])]
    return rows.groupby(["model", "shift", "seed"])["value"].mean()


def card_order(model: str) -> list[tuple]:
    """Part by part: dense before what is pruned, sparsities by size, the last epoch before the best."""
    return [(word != "dense", float(word) if word[:1].isdigit() else 0.0, word) for word in model.split("/")]


def headline(frame: pd.DataFrame, claims: list[dict[str, Any]]) -> dict[str, Any]:
    """A few numbers of a study, for dvc exp show: a column for each.

    Of each phase and dataset the mean over all models without a shift, and over all shifts; and the verdicts, counted.
    """
    found: dict[str, Any] = {}
    main = frame[frame.metric == frame.phase.map(lambda phase: MAIN.get(phase, "accuracy"))]
    main = main[(main["shift"] == "clean") | (main.severity != 0)]
    where = main["shift"].map(lambda shift: "clean" if shift == "clean" else "shifted")
    for (phase, dataset, metric, place), group in main.groupby(["phase", "dataset", "metric", where]):
        mean = group.groupby(["model", "shift"])["value"].mean().mean()
        found.setdefault(phase, {}).setdefault(dataset, {}).setdefault(metric, {})[place] = round(float(mean), 6)
    verdicts = Counter(claim["verdict"].lower() for claim in claims)
    return {**found, "claims": dict(sorted(verdicts.items()))}


def all_means(frame: pd.DataFrame, claims: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over seeds as phase -> dataset -> model -> metric -> shift, and claim effects, for dvc metrics diff.

    Metrics with a slash are parts of a map or a curve, too many for that.
    """
    found: dict[str, Any] = {}
    whole = frame[~frame.metric.str.contains("/")]
    for key, mean in whole.groupby(["phase", "dataset", "model", "metric", "shift"])["value"].mean().items():
        node = found
        for step in key[:-1]:
            node = node.setdefault(step, {})
        node[key[-1]] = round(mean, 6)
    found["claims"] = {claim["id"]: {"effect": claim["effect"], "n": claim["n"]} for claim in claims}
    return found


def diverged_table(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Networks whose training diverged, of which there is no other number: which, with which seed, at which step."""
    rows = frame[frame["metric"] == DIVERGED].sort_values(["dataset", "model", "seed"])
    return [
        {"dataset": r.dataset, "model": r.model, "seed": int(r.seed), "step": int(r.value)} for r in rows.itertuples()
    ]
