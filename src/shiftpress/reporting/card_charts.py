"""Which figures about cards a report has, one set for every classifier and augmentation."""

from typing import Any

import pandas as pd

from shiftpress.reporting.card_figures import against_bytes, gain, over_sparsity, survival
from shiftpress.reporting.card_maps import differences, frequencies
from shiftpress.reporting.card_tables import taken_apart
from shiftpress.reporting.charts import Chart, Draw, chart

FIGURES: dict[str, tuple[Draw, str]] = {
    "clean": (over_sparsity, "Accuracy on clean images against sparsity"),
    "robust": (lambda *words: over_sparsity(*words, robust=True), "Robust accuracy against sparsity"),
    "gain": (gain, "Robust accuracy less dense against sparsity"),
    "corruptions": (differences, "Difference to dense by corruption, at the largest sparsity"),
    "bytes": (against_bytes, "Robust accuracy against bytes on disk"),
    "layers": (survival, "Weights kept by layer, at the largest sparsity"),
    "fourier": (frequencies, "Error under noise of single frequencies, at the largest sparsity"),
}


def card_charts(frame: pd.DataFrame, sister: pd.DataFrame) -> dict[str, Chart]:
    """Every figure about cards that has something to show, by name; ``sister`` is ``sister_study``'s table."""
    found: dict[str, Chart] = {}
    for (dataset, net), cards in taken_apart(frame).groupby(["dataset", "net"], sort=True):
        known = sister[sister.augmentation == net.split("/")[1]]
        for what, (draw, title) in FIGURES.items():
            name, words = f"{dataset}-cards-{what}_{net.replace('/', '_')}", f"{title}, {net} on {dataset}"
            if drawn := draw(cards, known, name, words):
                found[name] = chart(name, words, drawn) | _places(drawn.place)
    return found


def _places(place: str) -> dict[str, Any]:
    words = {"level": "sparsity, %", "shift": "corruption", "kilobytes": "kB"}
    return {"place": words.get(place, place)}
