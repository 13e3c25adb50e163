"""How figures are drawn: curves with intervals, hollow marks for published numbers, a legend below."""

from itertools import pairwise
from typing import Any, Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator

from shiftpress.reporting.style import INK, look_of, new_figure, to_svg
from shiftpress.reporting.tables import estimates, formats_last

Look = dict[str, str]
ROOM = 8
"""Lines that a figure has room for."""
CLOSEST = 10
"""Places below a plot are apart by so many parts of it, or more."""


def against_severity(
    frame: pd.DataFrame, name: str, xlabel: str, ylabel: str, title: str, looks: dict[str, Look] | None = None
) -> tuple[str, pd.DataFrame]:
    """One line per model over the severities of a shift, with intervals. Returns the SVG and its data.

    Without looks, models differ from those of the same figure only. What has one severity only, and more lines than a
    reader can tell apart, are in the data alone.
    """
    data = estimates(frame, ["model", "severity"]).sort_values(["model", "severity"], ignore_index=True)
    figure, axes = new_figure()
    curves = [model for model, rows in data.groupby("model") if len(rows) > 1]
    drawn = sorted(curves, key=formats_last)[:ROOM]
    looks = looks or {model: look_of(model, list(data.model)) for model in drawn}
    for model in drawn:
        curve(axes, data[data.model == model], "severity", looks[model], model)
    if few := _apart(data.severity):
        axes.set_xticks(few)
        axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    if len(drawn) > 1:
        legend(figure, axes)
    return to_svg(figure, name, title), data


def _apart(places: pd.Series) -> list[float]:
    """The places themselves, if there is room for all of them below a plot; else none."""
    found = sorted(places.unique())
    gaps = [high - low for low, high in pairwise(found)]
    return found if gaps and min(gaps) >= (found[-1] - found[0]) / CLOSEST else []


def curve(axes: Axes, rows: pd.DataFrame, x: str, look: Look, label: str, **line: Any) -> None:
    """A line through means, in a band of their intervals."""
    axes.plot(rows[x], rows["mean"], label=label, **({"markersize": 4, "linewidth": 1.5} | look | line))
    if rows.low.notna().all():
        low, high, at = (rows[name].to_numpy(dtype=float) for name in ("low", "high", x))
        # as one polygon; collections of one, which fill_between makes, take up to a fifth of the time of a figure
        axes.fill((*at, *at[::-1]), (*low, *high[::-1]), color=look["color"], alpha=0.2, linewidth=0)


def points(axes: Axes, rows: pd.DataFrame, x: str, look: Look, label: str, **line: Any) -> None:
    """Means with bars for their intervals; for few places far apart."""
    half = (rows.high.astype(float) - rows["mean"]).fillna(0.0)
    style = {"markersize": 5, "linewidth": 1.2, "capsize": 3} | look | line
    axes.errorbar(rows[x].to_numpy(), rows["mean"].to_numpy(), yerr=half.to_numpy(), label=label, **style)


def marks(axes: Axes, rows: pd.DataFrame, x: str, look: Look) -> None:
    """Published numbers, as hollow marks."""
    hollow = {"linestyle": "none", "markersize": 7, "markerfacecolor": "none", "zorder": 3}
    axes.plot(rows[x], rows.distortion_se, **(look | hollow))


def key(label: str, **line: Any) -> Line2D:
    """A line of the legend for a style that several models share."""
    return Line2D([], [], color=INK, label=label, **line)


HOLLOW = {"linestyle": "none", "marker": "o", "markerfacecolor": "none", "markersize": 7}


def legend(figure: Figure, axes: Axes, *styles: Line2D) -> None:
    """Below the plot, where it hides nothing; one column fewer than would be too wide on a phone."""
    handles, labels = axes.get_legend_handles_labels()
    entries = dict(zip(labels, handles, strict=True)) | {str(style.get_label()): style for style in styles}
    columns = min(3 if max(map(len, entries)) <= 12 else 2, len(entries))
    look = {"frameon": False, "labelcolor": INK, "fontsize": 9}
    figure.legend(entries.values(), entries.keys(), loc="outside lower center", ncols=columns, **look)


def logarithmic(axes: Axes, *names: Literal["x", "y"]) -> None:
    """Logarithmic axes with plain numbers at 1, 2 and 5."""
    for name in names:
        axes.set(**{f"{name}scale": "log"})
        side = {"x": axes.xaxis, "y": axes.yaxis}[name]
        side.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        side.set_major_formatter("{x:g}")
        side.set_minor_locator(NullLocator())  # they would be measured, though nothing of them is seen
