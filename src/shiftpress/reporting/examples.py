"""Example images of the codecs: what they saw and what they gave back, each picture once in the page."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.numpy import load

from shiftpress.core.storage import read_artefact
from shiftpress.reporting.images import png

ORIGINAL = "clean/0"


@dataclass
class Sheet:
    """Rows of images below each other; equal rows stand there once. All images of a sheet have one size."""

    rows: list[np.ndarray] = field(default_factory=list)
    places: dict[bytes, int] = field(default_factory=dict)

    def add(self, row: np.ndarray) -> int:
        """Pixels from the top at which a row of images (N, C, H, W) stands."""
        key = row.tobytes()
        if key not in self.places:
            self.places[key] = len(self.rows) * row.shape[2]
            self.rows.append(row)
        return self.places[key]

    def picture(self) -> dict[str, Any]:
        """As a data URI, with its size in pixels and that of an image."""
        count, _, height, width = self.rows[0].shape
        size = {"width": count * width, "height": len(self.rows) * height, "tall": height, "columns": count}
        return {"uri": png(self.rows, gap=0, shades=16), **size}


def examples(frame: pd.DataFrame, dataset: str, params: dict[str, Any], files: list[str]) -> dict[str, Any]:
    """Of each codec's first seed, under each shift's extreme and middle severities; empty without any.

    What codecs saw is one sheet for all, since most saw the same; what each gave back is a sheet of its own.
    """
    rows = frame[(frame.phase == "codecs") & (frame.metric == "distortion_se")]
    first = min(params["run"]["seeds"])
    wanted = [pair for _, group in rows.groupby("shift", sort=False) for pair in _telling(group)]
    seen, found = Sheet(), []
    original: int | None = None
    for model in rows.model.unique():
        for path in files:
            *_, data, codec, objective, name = Path(path).parts
            block = name.removeprefix("seeds").split(".")[0].split("-")
            if (data, f"{codec}/{objective}", block[0]) == (dataset, model, str(first)):
                arrays, given = load(read_artefact(path)), Sheet()
                if original is None and f"{ORIGINAL}/input" in arrays:
                    original = seen.add(arrays[f"{ORIGINAL}/input"])
                strips = [
                    {"shift": shift, "severity": severity}
                    | {"seen": seen.add(arrays[f"{key}/input"]), "given": given.add(arrays[f"{key}/output"])}
                    for shift, severity in wanted
                    if f"{(key := f'{shift}/{severity:g}')}/input" in arrays
                ]
                if strips:
                    found.append({"model": model, "seed": first, "strips": strips, "sheet": given.picture()})
    return {"codecs": found, "original": original, "sheet": seen.picture()} if found else {}


def _telling(rows: pd.DataFrame) -> list[tuple[str, float]]:
    """The severities of a shift worth a picture: the clean one, or the mildest and the worst for the codec."""
    shift, means = rows["shift"].iloc[0], rows.groupby("severity")["value"].mean()
    severe = means.drop(0.0, errors="ignore")
    if severe.empty:
        return [(shift, 0.0)]
    return [(shift, s) for s in dict.fromkeys([severe.index[severe.index.to_series().abs().argmin()], severe.idxmax()])]
