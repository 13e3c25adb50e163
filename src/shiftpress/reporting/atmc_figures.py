"""The figure of Gui et al. 2019: accuracy against size, ours beside the points of their poster."""

import pandas as pd

from shiftpress.reporting.atmc_audit import SIZES
from shiftpress.reporting.atmc_tables import CLEAN, METHODS, ROLES, WHOLE, by_method
from shiftpress.reporting.drawn import Drawn
from shiftpress.reporting.figures import HOLLOW, ROOM, Look, curve, key, legend, logarithmic
from shiftpress.reporting.standing import gates_in
from shiftpress.reporting.style import INK, look_of, new_figure, to_svg
from shiftpress.reporting.tables import estimates

DENSE = "da"
"""The whole network, a line across."""
ORDER = [name for name in METHODS if name != DENSE]
CROSS = {"marker": "x", "markersize": 9, "linestyle": "none"}
SIZE = "percent"


def looks_of(methods: list[str]) -> dict[str, Look]:
    """Colour and marker of every method, in all figures the same."""
    # those that have a figure's room first get colours of their own
    first = [name for name in ORDER if name not in ("dense_long", "trades")]
    known = list(dict.fromkeys([*first, *ORDER, *sorted(set(methods) - {DENSE})]))
    places = [f"{place:03d}" for place in range(len(known))]
    looks = {name: look_of(place, places) for name, place in zip(known, places, strict=True)}
    return looks | {DENSE: {"color": INK, "marker": "s"}}


def shown(methods: list[str]) -> list[str]:
    """Those that a figure has room for, in their order; whole networks have no curve."""
    return [name for name in looks_of(methods) if name in methods and name != DENSE][:ROOM]


def against_size(
    scores: pd.DataFrame, table: pd.DataFrame, theirs: pd.DataFrame, under: str, size: str, name: str, title: str
) -> Drawn | None:
    """Accuracy under one attack, or on clean images, against one way of counting; logarithmic.

    ``scores`` and ``table`` are those of ``scored`` and ``sizes``; ``theirs`` is drawn where sizes are by the formula.
    """
    # four digits, as the numbers below show
    places = table.groupby("model")[size].mean().map(lambda share: float(f"{share:.4g}"))
    own = scores[scores.under == under]
    data = estimates(own, ["model", "method", "ratio"])
    doubts = own.groupby("model")["failed"].agg(gates_in)
    data = data.assign(**{SIZE: data.model.map(places)}, failed=data.model.map(doubts)).dropna(subset=[SIZE])
    if (data.ratio < WHOLE).sum() < 2:
        return None
    data = data.sort_values(["method", SIZE], key=by_method, ignore_index=True)
    theirs = theirs if size == "size_paper" else theirs.iloc[:0]
    figure, axes = new_figure(height=4.6)
    looks = looks_of(list(data.method))
    for dense in data[data.method == DENSE].itertuples():
        axes.axhline(dense.mean, color=INK, linewidth=1.2, linestyle="--", label=DENSE)
        if dense.low is not None:
            axes.axhspan(dense.low, dense.high, color=INK, alpha=0.12, linewidth=0)
    drawn = shown(list(data.method))
    for place, method in enumerate(drawn):
        more = len(drawn) - 1 - place
        # a curve that lies on another is thinner than it
        line = {"linewidth": 1.2 + 0.25 * more, "markersize": 4 + 0.4 * more}
        curve(axes, data[data.method == method], SIZE, looks[method], method, **line)
        _hollow(axes, theirs[theirs.method == method], looks[method])
    _hollow(axes, theirs[theirs.method == DENSE], looks[DENSE])
    doubted = data[(data.failed != "") & data.method.isin([DENSE, *drawn])]
    axes.plot(doubted[SIZE], doubted["mean"], color=INK, **CROSS)
    axes.set_ylim(max(axes.get_ylim()[0], -2), min(axes.get_ylim()[1], 101))
    logarithmic(axes, "x")
    axes.set_xlabel(f"size {SIZES[size]}, % of the dense weights")
    axes.set_ylabel(f"accuracy {'on clean images' if under == CLEAN else f'under {ROLES[under][0]}'}, %")
    keys = [key("poster", **HOLLOW)] if len(theirs) else []
    legend(figure, axes, *keys, *([key("failed a gate", **CROSS)] if len(doubted) else []))
    note = _note(data, theirs, "" if under == CLEAN else f" at radius {own.severity.iloc[0]:g}")
    return Drawn(to_svg(figure, name, title), data, SIZE, note, theirs, "value", "poster")


def _hollow(axes, rows: pd.DataFrame, look: Look) -> None:
    line = {"linestyle": ":", "linewidth": 0.8, "markersize": 6, "markerfacecolor": "none", "alpha": 0.75}
    axes.plot(rows[SIZE], rows["value"], **(look | line))


def _note(data: pd.DataFrame, theirs: pd.DataFrame, radius: str) -> str:
    """What a reader must know of where the points come from."""
    notes = [f"Ours are{radius}."] if radius else []
    if len(theirs):
        attack = f", under its own attack at radius {theirs.severity.iloc[0]:g}" if radius else ""
        notes.append(f"Hollow: one network per mark of the paper's poster ({theirs.origin.iloc[0]}{attack}).")
    if (count := len(set(data.method) - {DENSE})) > ROOM:
        notes.append(f"The first {ROOM} of {count} methods; the numbers of all are below.")
    return " ".join(notes)
