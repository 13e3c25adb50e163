"""Codec x classifier: what compressed classifiers make of images that went through a codec, against its rate."""

from typing import Any

import pandas as pd

from shiftpress.core.statistics import estimate
from shiftpress.reporting.charts import chart
from shiftpress.reporting.coded_figure import against_rate
from shiftpress.reporting.coded_tables import FORMATS, LEARNED, Entries, accuracies, passes
from shiftpress.reporting.marks import best_of
from shiftpress.reporting.tables import card_order


def coded_chapter(frame: pd.DataFrame, dataset: str, shifts: Entries) -> dict[str, Any]:
    """A table and a figure per network; empty if no classifier was scored on images that a codec gave back.

    ``shifts`` are the entries of params by name.
    """
    here = frame[frame.dataset == dataset]
    through = passes(here, shifts)
    if through.empty:
        return {}
    rows = accuracies(here, through)
    through = through.sort_values(["bits", "codec"])
    return {
        "codecs": through[["codec", "bits"]].to_dict("records"),
        "learned": int((through.kind == LEARNED).sum()),
        "formats": int((through.kind == FORMATS).sum()),
        "nets": [_net(own, ["", *through.codec], dataset, net) for net, own in rows.groupby("net")],
    }


def _net(rows: pd.DataFrame, codecs: list[str], dataset: str, net: str) -> dict[str, Any]:
    models = sorted(rows.model.unique(), key=card_order)
    stands = {
        codec: best_of(rows[rows.codec == codec].pivot(index="seed", columns="model", values="value"))
        for codec in codecs
    }
    name, title = f"{dataset}-coded-{net.replace('/', '_')}", f"Accuracy on coded images against rate, {net}, {dataset}"
    drawn = against_rate(rows, name, title)
    return {
        "name": net,
        "rows": [
            {"model": model, "cells": [_cell(rows, model, codec, stands[codec].get(model, "")) for codec in codecs]}
            for model in models
        ],
        "figures": [chart(name, title, drawn) | {"place": "bits per image"}] if drawn else [],
    }


def _cell(rows: pd.DataFrame, model: str, codec: str, stands: str) -> dict[str, Any]:
    values = rows[(rows.model == model) & (rows.codec == codec)]["value"].tolist()
    return {"found": estimate(values) if values else None, "stands": stands, "failed": ""}
