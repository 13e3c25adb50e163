"""The figures about networks for the edge: against bytes, what they lose by kind of shift, and dose by dose."""

import pandas as pd

from shiftpress.reporting.averages import CLEAN, TITLES
from shiftpress.reporting.drawn import Drawn
from shiftpress.reporting.edge_tables import ROUNDED, order
from shiftpress.reporting.figures import ROOM, Look, key, legend, logarithmic, points
from shiftpress.reporting.standing import gates_in
from shiftpress.reporting.style import COLOURS, INK, MARKERS, look_of, new_figure, to_svg
from shiftpress.reporting.tables import estimates

CROSS = {"marker": "x", "markersize": 9, "linestyle": "none"}
LOOKS = {
    under: {"color": COLOURS[place], "marker": MARKERS[place]} for place, under in enumerate(TITLES) if under != CLEAN
}
LOOKS[CLEAN] = {"color": INK, "marker": "s"}


def looks_of(methods: list[str]) -> dict[str, Look]:
    """Colour and marker of every method, in all figures the same; those that are tuned or rounded only come late."""
    first = ["prune", "kd", "no_kd", "prune+kd", "w8a8", "w4a4", "prune+kd+w8a8", "tuned"]
    known = list(dict.fromkeys([*first, *sorted(set(methods) - {"dense"}, key=order)]))
    places = [f"{place:03d}" for place in range(len(known))]
    looks = {name: look_of(place, places) for name, place in zip(known, places, strict=True)}
    return looks | {"dense": {"color": INK, "marker": "s"}}


def against_bytes(scores: pd.DataFrame, under: str, words: str, name: str, title: str) -> Drawn | None:
    """Accuracy in one column against measured bytes: a line joins a method's networks of all sizes at one share."""
    own = scores[scores.under == under]
    data = estimates(own, ["model", "classifier", "method", "percent", "bytes"])
    doubts = own.groupby("model")["failed"].agg(gates_in)
    data = data.assign(
        kilobytes=(data.bytes / 1000).map(lambda size: float(f"{size:.4g}")), failed=data.model.map(doubts)
    )
    if data.kilobytes.nunique() < 2:
        return None
    data = data.sort_values(["method", "percent", "kilobytes"], ignore_index=True)
    figure, axes = new_figure(height=4.6)
    looks = looks_of(list(data.method))
    methods = [method for method in looks if method in set(data.method)]
    drawn = sorted(methods, key=lambda method: method != "dense")[: ROOM + 1]
    for method in sorted(drawn, key=order):
        for _, line in data[data.method == method].groupby("percent"):
            look = looks[method] | {"markersize": 5, "linewidth": 1.2}
            axes.plot(line.kilobytes, line["mean"], label=method, **look)
            there = line.dropna(subset=["low"])
            bars = {"color": look["color"], "linewidth": 1.2, "alpha": 0.35}  # many lie on each other
            axes.vlines(there.kilobytes, there.low.astype(float), there.high.astype(float), **bars)
    doubted = data[(data.failed != "") & data.method.isin(drawn)]
    axes.plot(doubted.kilobytes, doubted["mean"], color=INK, **CROSS)
    space = max(data["mean"].max() - data["mean"].min(), 1.0) / 8
    axes.set_ylim(data["mean"].min() - space, min(data["mean"].max() + space, 100.5))
    logarithmic(axes, "x")
    axes.set_xlabel("size of the file, kB (1,000 bytes)")
    axes.set_ylabel(f"accuracy {words}, %")
    legend(figure, axes, *([key("failed a gate", **CROSS)] if len(doubted) else []))
    note = "A line joins one method's networks of all sizes. Bars are cut off where they leave the plot."
    if len(methods) > len(drawn):
        note += f" {len(drawn)} of {len(methods)} methods; the numbers of all are below."
    return Drawn(to_svg(figure, name, title), data.drop(columns="bytes"), "kilobytes", note)


def lost(losses: pd.DataFrame, xlabel: str, name: str, title: str) -> Drawn | None:
    """What every method loses beyond what it loses anyway, or how it stands to the dense networks, by kind of shift.

    ``losses`` are ``pooled``; dense networks are left out where they are zero for certain.
    """
    data = estimates(losses, ["model", "method", "percent", "under"])
    if data.model.nunique() < 2:
        return None
    doubts = losses.groupby(["model", "under"])["failed"].agg(gates_in)
    data = data.assign(failed=[doubts[pair] for pair in zip(data.model, data.under, strict=True)])
    data = data.sort_values(["method", "percent", "under"], key=_by_order, ignore_index=True)
    models = list(dict.fromkeys(data.model))
    figure, axes = new_figure(height=1.7 + 0.36 * len(models))
    unders = [under for under in TITLES if under in set(data.under)]
    for place, under in enumerate(unders):
        own = data[data.under == under].set_index("model")
        off = 0.22 * (place - (len(unders) - 1) / 2)
        y = [models.index(model) + off for model in own.index]
        half = (own.high.astype(float) - own["mean"]).fillna(0.0)
        style = {"linestyle": "none", "markersize": 5, "capsize": 2, "elinewidth": 0.9}
        axes.errorbar(own["mean"].to_numpy(), y, xerr=half.to_numpy(), label=TITLES[under], **(LOOKS[under] | style))
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_yticks(range(len(models)), models)
    axes.invert_yaxis()
    axes.set_xlabel(xlabel)
    legend(figure, axes)
    data = data.assign(under=data.under.map(TITLES))
    return Drawn(to_svg(figure, name, title), data, "under", "Means over the sizes of network.")


def doses(scores: pd.DataFrame, name: str, title: str) -> Drawn | None:
    """Points of accuracy that rounding alone costs, by bits of weights and activations and by kind of shift."""
    by = ["classifier", "seed", "under"]
    dense = scores[scores.method == "dense"].set_index(by)["value"].rename("dense")
    rows = scores[scores.method.map(lambda method: bool(ROUNDED.match(method)))].join(dense, on=by, how="inner")
    rows = rows.assign(value=rows.dense - rows["value"])
    pooled = rows.groupby(["method", "under", "seed"])["value"].mean().reset_index()
    data = estimates(pooled.assign(model=pooled.under.map(TITLES)), ["model", "method", "under"])
    methods = sorted(data.method.unique(), key=order)
    if len(methods) < 2:
        return None
    data = data.sort_values(["under", "method"], key=_by_order, ignore_index=True)
    figure, axes = new_figure(height=4.2)
    for under in (under for under in TITLES if under in set(data.under)):
        own = data[data.under == under]
        own = own.assign(dose=[float(methods.index(method)) for method in own.method])
        points(axes, own, "dose", LOOKS[under], TITLES[under])
    axes.axhline(0, color=INK, linewidth=1)
    axes.set_xticks(range(len(methods)), [method.upper() for method in methods])
    axes.set_xlabel("bits of weights (W) and activations (A)")
    axes.set_ylabel("points of accuracy lost")
    legend(figure, axes)
    return Drawn(to_svg(figure, name, title), data, "method", "Dense network less the rounded one, mean over sizes.")


def _by_order(column: pd.Series) -> pd.Series:
    """Methods and columns in their order; others stay as they are."""
    if column.name == "method":
        return column.map(order)
    return column.map(list(TITLES).index) if column.name == "under" else column
