"""Which figures about decks a report has."""

from functools import partial
from typing import Any

import pandas as pd

from shiftpress.reporting.charts import Chart, chart
from shiftpress.reporting.deck_figures import along_drift, front, over_batches
from shiftpress.reporting.deck_maps import gain, routing
from shiftpress.reporting.deck_tables import of_decks
from shiftpress.reporting.drawn import Drawn


def deck_charts(frame: pd.DataFrame) -> dict[str, Chart]:
    """Every figure about decks that has something to show, by name."""
    found: dict[str, Chart] = {}

    def add(name: str, title: str, drawn: Drawn | None) -> None:
        if drawn:
            found[name] = chart(name, title, drawn) | _places(drawn.place)

    for dataset, rows in of_decks(frame).groupby("dataset", sort=True):
        for deck in rows[rows.gate.notna()].deck.unique():
            own = rows[rows.deck == deck]
            groups = sorted({m.removeprefix("weight_") for m in own.metric if m.startswith("weight_")})
            # what the last gets, the first does not
            for group in groups[1:]:
                name = f"{dataset}-decks-routing_{deck}_{group}"
                title = f"Weight that the spectral gate of {deck} gives to its {group} cards, {dataset}"
                add(name, title, routing(own, group, name, title))
            for what, draw, words in (
                ("gain", partial(gain, deck=deck), "What {} gains over its best card, {}"),
                ("batches", over_batches, "Robust accuracy of {} against the size of test batches, {}"),
                ("drift", along_drift, "Accuracy of {} on a stream that drifts from shift to shift, {}"),
            ):
                name, title = f"{dataset}-decks-{what}_{deck}", words.format(deck, dataset)
                add(name, title, draw(own, name=name, title=title))
        name, title = f"{dataset}-decks-front", f"Robust accuracy against bytes on disk of decks and cards, {dataset}"
        add(name, title, front(rows, name, title))
    return found


def _places(place: str) -> dict[str, Any]:
    words = {"batch": "images in a batch", "kilobytes": "kB", "cell": "shift and severity", "severity": "position"}
    return {"place": words.get(place, place)}
