"""The curves about decks: over the size of the test batch, along a drifting stream, and against bytes."""

import pandas as pd

from shiftpress.reporting import deck_tables as tables
from shiftpress.reporting.drawn import Drawn
from shiftpress.reporting.figures import ROOM, Look, curve, legend, logarithmic, points
from shiftpress.reporting.style import INK, look_of, new_figure, to_svg
from shiftpress.reporting.tables import estimates

ORDER = ["spectral", "learned", "spectral_knn", "spectral_radial", "random", "confidence", "oracle", "uniform_logits"]
"""Gates drawn first if there is no room for all."""
ACROSS = {tables.AGNOSTIC: "-", tables.ORACLE: "--", tables.BEST: ":"}
"""Models without a batch that stand as lines across, and their dashes."""


def looks_of(gates: list[str]) -> dict[str, Look]:
    """Colour and marker of every gate, in all figures the same; the agnostic deck is in the colour of the text."""
    known = [*ORDER, *sorted(set(gates) - set(ORDER) - set(ACROSS))]
    places = [f"{place:03d}" for place in range(len(known))]
    looks = {name: look_of(place, places) for name, place in zip(known, places, strict=True)}
    return looks | {tables.AGNOSTIC: {"color": INK, "marker": "s"}, tables.BEST: {"color": INK, "marker": "o"}}


def shown(gates: list[str]) -> list[str]:
    """Those that a figure has room for, in their order."""
    return [name for name in looks_of(gates) if name in gates][:ROOM]


def over_batches(rows: pd.DataFrame, name: str, title: str) -> Drawn | None:
    """Robust accuracy against the number of images that the gate sees at once."""
    data = estimates(tables.robust(rows), ["model", "gate", "batch"])
    if data[data.batch > 0].batch.nunique() < 2:
        return None
    data = data.sort_values(["gate", "batch"], ignore_index=True)
    figure, axes = new_figure(height=4.2)
    looks = looks_of(list(data.gate))
    for gate, dashes in ACROSS.items():
        for row in data[data.gate == gate].itertuples():
            axes.axhline(row.mean, color=INK, linewidth=1.2, linestyle=dashes, label=_plain(gate))
    for gate in shown(list(data[data.batch > 0].gate)):
        curve(axes, data[data.gate == gate], "batch", looks[gate], gate)
    logarithmic(axes, "x")
    axes.set_xlabel("images in a test batch")
    axes.set_ylabel("robust accuracy, %")
    legend(figure, axes)
    return Drawn(to_svg(figure, name, title), data, "batch", "Lines across need no batch, and are 0 below.")


def along_drift(rows: pd.DataFrame, name: str, title: str) -> Drawn | None:
    """Accuracy along a stream that goes from shift to shift."""
    rows = rows[(rows["shift"] == "drift") & (rows.metric == "accuracy")]
    # of the gates that look at batches, with the largest
    rows = rows[rows.batch == rows.groupby("gate").batch.transform("max")]
    if rows.gate.nunique() < 2:
        return None
    data = estimates(rows.assign(value=100 * rows["value"]), ["model", "gate", "severity"])
    data = data.sort_values(["gate", "severity"], ignore_index=True)
    figure, axes = new_figure(height=4.2)
    looks = looks_of(list(data.gate))
    for gate in [g for g in (tables.AGNOSTIC, "spectral", "learned", "random", tables.ORACLE) if g in set(data.gate)]:
        curve(axes, data[data.gate == gate], "severity", looks[gate], _plain(gate))
    axes.set_xlabel("position in the stream")
    axes.set_ylabel("accuracy, %")
    legend(figure, axes)
    note = "The stream goes through clean images and every corruption at rising severity, each fading into the next."
    return Drawn(to_svg(figure, name, title), data, "severity", note)


def front(rows: pd.DataFrame, name: str, title: str) -> Drawn | None:
    """Robust accuracy against measured bytes of decks, of single cards, and of decks found within a budget."""
    size = rows[rows.metric == "disk_bytes"].groupby("model")["value"].mean() / 1000
    # groups of nothing would be left out
    data = estimates(tables.robust(rows).fillna({"deck": "", "gate": ""}), ["model", "deck", "gate"])
    # decks behind the gate that every deck has, and cards by themselves
    data = data[data.gate.isin(["", tables.AGNOSTIC])]
    data = data.assign(kilobytes=data.deck.where(data.deck != "", data.model).map(size)).dropna(subset=["kilobytes"])
    if data.kilobytes.nunique() < 2:
        return None
    data = data.sort_values(["kilobytes", "model"], ignore_index=True)
    figure, axes = new_figure(height=4.2)
    for number, (label, part) in enumerate(_sorts(data).items()):
        if len(part):
            points(axes, part, "kilobytes", look_of(f"{number}", list("0123")), label, linestyle="none")
    best = data[data["mean"] > data["mean"].cummax().shift(fill_value=-1.0)]
    axes.step(best.kilobytes, best["mean"], where="post", color=INK, linewidth=1, label="Pareto front")
    logarithmic(axes, "x")
    axes.set_xlabel("size of the files, kB (1,000 bytes)")
    axes.set_ylabel("robust accuracy, %")
    legend(figure, axes)
    note = "Files as they lie on the disk. Decks within a budget were put together on validation images."
    return Drawn(to_svg(figure, name, title), data, "kilobytes", note)


def _sorts(data: pd.DataFrame) -> dict[str, pd.DataFrame]:
    budget, alone = data.deck.str.startswith("budget_"), data.gate == ""
    dense = data.model.str.contains("/dense/")
    return {
        "decks": data[~budget & ~alone],
        "decks within a budget": data[budget],
        "single cards": data[alone & ~dense],
        "single dense networks": data[alone & dense],
    }


def _plain(gate: str) -> str:
    words = {tables.AGNOSTIC: "agnostic", tables.ORACLE: "oracle, not deployable", tables.BEST: "best card"}
    return words.get(gate, gate)
