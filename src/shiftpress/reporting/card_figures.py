"""The figures about cards: over the sparsity, against bytes on disk, and layer by layer."""

import pandas as pd
from matplotlib.axes import Axes

from shiftpress.reporting import card_tables as tables
from shiftpress.reporting.drawn import Drawn
from shiftpress.reporting.figures import HOLLOW, ROOM, Look, curve, key, legend, logarithmic, points
from shiftpress.reporting.style import INK, look_of, new_figure, to_svg
from shiftpress.reporting.tables import estimates

ORDER = ["lrr", "lth", "edge_popup", "biprop", "gradual", "fine_tune", "dense_long", "random"]
"""Drawn first if there is no room for all."""
SPARSITY = "weights removed, %"


def looks_of(pruners: list[str]) -> dict[str, Look]:
    """Colour and marker of every pruner, in all figures about cards the same."""
    known = [*ORDER, *sorted(set(pruners) - set(ORDER) - {tables.DENSE})]
    places = [f"{place:03d}" for place in range(len(known))]
    looks = {name: look_of(place, places) for name, place in zip(known, places, strict=True)}
    return looks | {tables.DENSE: {"color": INK, "marker": "s"}}


def shown(cards: pd.DataFrame) -> list[str]:
    """The pruners that a figure has room for, in their order."""
    there = set(cards.pruner) - {tables.DENSE}
    return [name for name in looks_of(list(there)) if name in there][:ROOM]


def over_sparsity(
    cards: pd.DataFrame, known: pd.DataFrame, name: str, title: str, robust: bool = False
) -> Drawn | None:
    """Accuracy, or robust accuracy, against the share of weights removed; dense as a line across."""
    data = _estimates(tables.accuracy(cards, robust))
    if not (data.pruner != tables.DENSE).any():
        return None
    figure, axes = new_figure(height=4.2)
    looks = looks_of(list(data.pruner))
    for dense in data[data.pruner == tables.DENSE].itertuples():
        axes.axhline(dense.mean, color=INK, linewidth=1.2, linestyle="--", label=tables.DENSE)
        if dense.low is not None:
            axes.axhspan(dense.low, dense.high, color=INK, alpha=0.12, linewidth=0)
    for pruner in shown(data):
        curve(axes, data[data.pruner == pruner], "level", looks[pruner], pruner)
    _to_hundred(axes)
    axes.set_xlabel(SPARSITY)
    axes.set_ylabel(f"accuracy, mean of {_count(cards)} corruptions, %" if robust else "accuracy on clean images, %")
    legend(figure, axes)
    return Drawn(to_svg(figure, name, title), data, "level", _crowded(data))


def gain(cards: pd.DataFrame, known: pd.DataFrame, name: str, title: str) -> Drawn | None:
    """Robust accuracy less that of the dense network of the same seed; hollow: the sister study, on other images."""
    rows = tables.less_dense(tables.accuracy(cards, robust=True), ["net", "seed"])
    if rows.empty:
        return None
    data = _estimates(rows)
    figure, axes = new_figure(height=4.2)
    looks = looks_of(list(data.pruner))
    theirs = known[known.pruner.isin(shown(data))]
    axes.axhline(0, color=INK, linewidth=1)
    for pruner in shown(data):
        curve(axes, data[data.pruner == pruner], "level", looks[pruner], pruner)
        hollow = {"linestyle": "none", "markersize": 6, "markerfacecolor": "none", "alpha": 0.8}
        own = theirs[theirs.pruner == pruner]
        axes.plot(own.level, own["value"], **(looks[pruner] | hollow))
    axes.set_xlabel(SPARSITY)
    axes.set_ylabel("robust accuracy less dense, points")
    legend(figure, axes, *([key("sister study, CIFAR-10", **HOLLOW)] if len(theirs) else []))
    note = _crowded(data)
    if len(theirs):
        note += " Hollow: one network per mark of another study (RobustNets 2022, ResNet-18), on other images."
    return Drawn(to_svg(figure, name, title), data, "level", note.strip(), theirs, "value", "sister study")


def against_bytes(cards: pd.DataFrame, known: pd.DataFrame, name: str, title: str) -> Drawn | None:
    """Robust accuracy against the measured bytes of the card files."""
    size = cards[cards.metric == "disk_bytes"].groupby("model")["value"].mean() / 1000
    data = _estimates(tables.accuracy(cards, robust=True))
    data = data[data.model.isin(size.index)].assign(kilobytes=lambda rows: rows.model.map(size))
    if data.kilobytes.nunique() < 2:
        return None
    figure, axes = new_figure(height=4.2)
    looks = looks_of(list(data.pruner))
    for pruner in [tables.DENSE, *shown(data)]:
        rows = data[data.pruner == pruner].sort_values("kilobytes")
        points(axes, rows, "kilobytes", looks[pruner], pruner)
    if data.kilobytes.max() > 3 * data.kilobytes.min():
        logarithmic(axes, "x")
    _to_hundred(axes)
    axes.set_xlabel("size of the file, kB (1,000 bytes)")
    axes.set_ylabel(f"accuracy, mean of {_count(cards)} corruptions, %")
    legend(figure, axes)
    note = "Files as they lie on the disk: header, entropy-coded mask, kept weights and everything else."
    return Drawn(
        to_svg(figure, name, title), data.sort_values("kilobytes"), "kilobytes", f"{note} {_crowded(data)}".strip()
    )


def survival(cards: pd.DataFrame, known: pd.DataFrame, name: str, title: str) -> Drawn | None:
    """The share of weights that each layer keeps, of the sparsest network of every pruner."""
    rows = tables.sparsest(cards[cards.metric.str.startswith("kept/")])
    rows = rows[rows.pruner != tables.DENSE]
    rows = rows[rows.groupby("pruner")["value"].transform("min") < 1]
    if rows.empty:
        return None
    parts = rows.metric.str.split("/", n=2, expand=True)
    rows = rows.assign(value=100 * rows["value"], layer=parts[1].astype(int) + 1)
    data = estimates(rows, ["model", "pruner", "layer"]).sort_values(["model", "layer"], ignore_index=True)
    layers = [layer for _, layer in sorted(set(zip(parts[1], parts[2], strict=True)))]
    figure, axes = new_figure(height=4.2)
    looks = looks_of(list(data.pruner))
    for pruner in shown(data):
        curve(axes, data[data.pruner == pruner], "layer", looks[pruner], pruner)
    logarithmic(axes, "y")
    if len(layers) <= ROOM:
        axes.set_xticks(range(1, len(layers) + 1), layers)
    axes.set_xlabel("layer")
    axes.set_ylabel("weights kept, %")
    legend(figure, axes)
    gone = sorted(set(data[data["mean"] == 0].model))
    note = f"Layers that kept nothing: in {', '.join(gone)}." if gone else ""
    return Drawn(to_svg(figure, name, title), data, "layer", note)


def _estimates(rows: pd.DataFrame) -> pd.DataFrame:
    data = estimates(rows, ["model", "pruner", "level"])
    return data.sort_values(["pruner", "level"], ignore_index=True)


def _to_hundred(axes: Axes) -> None:
    """No room for accuracies beyond 100 %, where an interval of few seeds may reach."""
    axes.set_ylim(top=min(axes.get_ylim()[1], 100.5))


def _count(cards: pd.DataFrame) -> int:
    return len(set(cards["shift"]) & set(tables.CORRUPTIONS))


def _crowded(data: pd.DataFrame) -> str:
    count = len(set(data.pruner) - {tables.DENSE})
    return f"The first {ROOM} of {count} methods; the numbers of all are below." if count > ROOM else ""
