"""The chapters about compressed classifiers of one dataset: paper by paper, together, and on coded images."""

from pathlib import Path
from typing import Any

import pandas as pd

from shiftpress.core.recipe import AtmcFit
from shiftpress.core.storage import read_json
from shiftpress.reporting.atmc_chapter import atmc_chapter
from shiftpress.reporting.coded_chapter import coded_chapter
from shiftpress.reporting.cross_chapter import cross_chapter
from shiftpress.reporting.edge_chapter import edge_chapter
from shiftpress.reporting.published import poster


def compressed_chapters(
    frame: pd.DataFrame, dataset: str, params: dict[str, Any], reference: Path, latencies: list[str]
) -> dict[str, Any]:
    """By name; each is empty where there is nothing to show. ``latencies`` are files of milliseconds by model."""
    entries, recipe = params["shifts"], AtmcFit(**params["fit"]["atmc"])
    kinds = {name: entry["kind"] for name, entry in entries.items()}
    times: dict[str, dict[str, float]] = {}
    for path in reversed(latencies):  # of several blocks of seeds, the first
        times |= read_json(path) if dataset in Path(path).parts else {}
    return {
        "atmc": atmc_chapter(frame, poster(reference), dataset, recipe.radius_on(dataset), list(entries)),
        "edge": edge_chapter(frame, dataset, kinds, times),
        "cross": cross_chapter(frame, dataset, kinds),
        "coded": coded_chapter(frame, dataset, entries),
    }
