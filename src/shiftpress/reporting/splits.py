"""The nested codes split by split, ours beside the published numbers."""

import re
from typing import Any

import pandas as pd

from shiftpress.core.statistics import Estimate, estimate

NESTED = re.compile(r"nested(\d)(\d)/([^/]+)$")


def split_table(frame: pd.DataFrame, known: pd.DataFrame) -> list[dict[str, Any]]:
    """A row per nested code and objective: clean distortion of its prefix, of a codec at that rate, and of the whole.

    Each cell holds our estimate, or none, and the published number, or none.
    """
    clean = frame[(frame.phase == "codecs") & (frame["shift"] == "clean") & (frame.metric == "distortion_se")]
    theirs = known[known["shift"] == "clean"].drop_duplicates("model").set_index("model")

    def cell(model: str) -> dict[str, Any]:
        values = clean[clean.model == model]["value"].tolist()
        ours: Estimate | None = estimate(values) if values else None
        paper = float(theirs.distortion_se[model]) if model in theirs.index else None
        return {"ours": ours, "paper": paper, "known": theirs.known[model] if paper is not None else None}

    rows = []
    for model in sorted(clean.model.unique(), key=lambda name: (name.split("/")[-1], name)):
        if match := NESTED.match(model):
            first, rest, objective = match.groups()
            cells = [cell(f"{model}/prefix"), cell(f"fixed{first}/erm"), cell(model)]
            rows.append({"objective": objective, "split": f"({first}, {rest})", "cells": cells})
    return rows
