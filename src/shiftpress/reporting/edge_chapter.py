"""What the report says about networks for the edge, dataset by dataset."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from shiftpress.reporting.averages import (
    ATTACK,
    CLEAN,
    CORRUPTED,
    DOMAINS,
    TITLES,
    Attack,
    accuracies,
    averaged,
    placed,
    strongest,
)
from shiftpress.reporting.charts import Chart, chart
from shiftpress.reporting.cross_tables import bytes_of
from shiftpress.reporting.edge_contrasts import contrasts, large_made_small
from shiftpress.reporting.edge_costs import Times, costs_table
from shiftpress.reporting.edge_curves import over_radius
from shiftpress.reporting.edge_figures import against_bytes, doses, lost
from shiftpress.reporting.edge_tables import (
    LOSSES,
    METHODS,
    by_size,
    columns_in,
    groups,
    named,
    of_edge,
    pooled,
)

AXES = {CLEAN: "on clean images", CORRUPTED: "mean of corruptions", DOMAINS: "mean of domains", ATTACK: "under attack"}
"""What accuracies are of, in few words."""


def edge_chapter(frame: pd.DataFrame, dataset: str, kinds: Mapping[str, str], times: Times) -> dict[str, Any]:
    """Tables and figures about the networks of one dataset; empty if there are none."""
    rows = of_edge(frame[frame.dataset == dataset])
    if rows.empty:
        return {}
    attack = strongest(rows)
    cells = accuracies(rows, kinds, attack)
    scores = named(averaged(cells)).join(bytes_of(rows).rename("bytes"), on=["phase", "model"])
    unders, sizes = columns_in(scores), by_size(scores)
    return {
        "methods": {name: words for name, words in METHODS.items() if name in set(scores.method)},
        "columns": [{"under": under, "title": _title(under, cells, attack)} for under in unders],
        "attack": attack.words if attack.name else "",
        "cells": {under: _where(cells[cells.under == under]) for under in unders if under != CLEAN},
        "sizes": [{"name": name, "groups": groups(scores[scores.classifier == name], unders)} for name in sizes],
        "contrasts": contrasts(scores, unders),
        "large": large_made_small(scores, _bits(rows), unders, sizes),
        "costs": costs_table(rows, times, sizes),
        "figures": [
            *_against(scores, cells, attack, dataset),
            *_attacked(rows, attack, dataset),
            *_lost(rows, kinds, attack, dataset),
        ],
        "doses": _doses(scores, dataset),
    }


def _bits(rows: pd.DataFrame) -> pd.Series:
    """Of numbers that a network is made of, by model."""
    return rows[(rows["shift"] == "storage") & (rows.metric == "bits")].groupby("model")["value"].mean()


def _title(under: str, cells: pd.DataFrame, attack: Attack) -> str:
    if under == ATTACK:
        return attack.words
    count = cells[cells.under == under]["shift"].nunique()
    return TITLES[under] if under == CLEAN else f"mean of {count} {TITLES[under]}"


def _where(cells: pd.DataFrame) -> list[str]:
    """Shifts with the severities that a mean is over."""
    found = cells[["shift", "severity"]].drop_duplicates().groupby("shift").severity
    return [f"{shift} {', '.join(f'{severity:g}' for severity in sorted(own))}" for shift, own in found]


def _against(scores: pd.DataFrame, cells: pd.DataFrame, attack: Attack, dataset: str) -> list[Chart]:
    found = []
    for under in columns_in(scores):
        words = "on clean images" if under == CLEAN else f"under the {_title(under, cells, attack)}"
        name, title = f"{dataset}-edge-bytes_{under}", f"Accuracy {words} against bytes on disk, {dataset}"
        if drawn := against_bytes(scores, under, AXES[under], name, title):
            found.append(chart(name, title, drawn) | {"place": "kB"})
    return found


def _attacked(rows: pd.DataFrame, attack: Attack, dataset: str) -> list[Chart]:
    name = f"{dataset}-edge-radius"
    title = f"Accuracy against the radius, {attack.title}, {dataset}"
    drawn = over_radius(rows, attack, name, title) if attack.name else None
    return [chart(name, title, drawn) | {"place": "radius"}] if drawn else []


def _lost(rows: pd.DataFrame, kinds: Mapping[str, str], attack: Attack, dataset: str) -> list[Chart]:
    found = []
    for metric, words in LOSSES.items():
        own = placed(rows[rows.metric == metric], kinds, attack)
        if own.empty:
            continue
        losses = pooled(named(averaged(own)))
        what = words.split(",")[0].capitalize()
        name, title = f"{dataset}-edge-{metric}", f"{what} by method and kind of shift, {dataset}"
        if drawn := lost(losses, words, name, title):
            found.append(chart(name, title, drawn) | {"place": "under"})
    return found


def _doses(scores: pd.DataFrame, dataset: str) -> list[Chart]:
    name, title = f"{dataset}-edge-doses", f"Accuracy lost by rounding, {dataset}"
    drawn = doses(scores, name, title)
    return [chart(name, title, drawn) | {"place": "bits"}] if drawn else []
