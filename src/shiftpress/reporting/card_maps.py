"""Maps about cards: which corruption gains by which method, and which frequency hurts which network."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from shiftpress.reporting import card_tables as tables
from shiftpress.reporting.card_figures import shown
from shiftpress.reporting.drawn import Drawn
from shiftpress.reporting.style import COLOURS, INK, new_figure, new_grid, to_svg
from shiftpress.reporting.tables import estimates

BETTER, WORSE = COLOURS[0], COLOURS[1]
STRONGEST = 0.8
"""Opacity of the largest value; letters on it stay legible, in light and dark."""
COLUMNS = 3


def differences(cards: pd.DataFrame, known: pd.DataFrame, name: str, title: str) -> Drawn | None:
    """Accuracy less dense by corruption and method, at each method's largest sparsity, in points."""
    rows = tables.less_dense(tables.by_corruption(tables.sparsest(cards)), ["net", "seed", "shift"])
    if rows.empty:
        return None
    data = estimates(rows, ["model", "pruner", "shift"])
    methods = shown(data)
    corruptions = [shift for shift in tables.CORRUPTIONS if shift in set(data["shift"])]
    largest = max(data["mean"].abs().max(), 1e-9)
    figure, axes = new_figure(height=1.4 + 0.3 * len(corruptions))
    for mean, pruner, shift in zip(data["mean"], data.pruner, data["shift"], strict=True):
        if pruner in methods:
            column, row = methods.index(pruner), corruptions.index(shift)
            square(axes, column, row, BETTER if mean > 0 else WORSE, (abs(mean) / largest) ** 0.5)
            axes.text(column, row, signed(mean), ha="center", va="center", fontsize=8, color=INK)
    axes.set_xticks(range(len(methods)), [method.replace("_", "\n") for method in methods], fontsize=8)
    axes.set_yticks(range(len(corruptions)), [shift.replace("_", " ") for shift in corruptions], fontsize=9)
    framed(axes, len(methods), len(corruptions))
    note = "Points of accuracy, mean over severities and seeds; blue is better than dense, orange worse."
    data = data.sort_values(["model", "shift"], ignore_index=True)
    return Drawn(to_svg(figure, name, title), data, "shift", note, bands=False)


def frequencies(cards: pd.DataFrame, known: pd.DataFrame, name: str, title: str) -> Drawn | None:
    """Error under noise of each frequency, zero in the middle, one map a network; rings as numbers."""
    rows = tables.sparsest(cards[cards["shift"] == "fourier"])
    single = rows[rows.metric.str.startswith("error/")]
    if single.empty:
        return None
    there = [tables.DENSE, *shown(single)]
    means = single.groupby(["pruner", "metric"])["value"].mean()
    means = means[means.index.get_level_values("pruner").isin(there)]
    low, high, step = float(means.min()), float(means.max()), _step(means.index.get_level_values("metric"))
    figure, every = new_grid(-(-len(there) // COLUMNS), COLUMNS)
    for axes, pruner in zip(every[: len(there)], there, strict=True):
        own = means[pruner] if pruner in means.index else means.iloc[:0]
        for metric, mean in own.items():
            down, across = (int(part) for part in metric.split("/")[1:])
            for sign in (1, -1):
                share = (mean - low) / max(high - low, 1e-9)
                square(axes, sign * across / step, sign * down / step, WORSE, share)
        side = max(abs(int(part)) for metric in means.index.levels[1] for part in metric.split("/")[1:]) // step
        axes.set_title(pruner, fontsize=9, color=INK)
        axes.set_xticks([])
        axes.set_yticks([])
        framed(axes, side + 1, side + 1, -side, -side)
        axes.set_aspect("equal")
    for axes in every[len(there) :]:
        axes.set_axis_off()
    rings = rows[rows.metric.isin(["error_low", "error_mid", "error_high"])]
    rings = rings.assign(value=100 * rings["value"], ring=rings.metric.str.removeprefix("error_"))
    data = estimates(rings, ["model", "ring"]).sort_values(["model", "ring"], ignore_index=True)
    note = (
        f"Low frequencies in the middle; from {100 * low:.0f} % error (palest) to {100 * high:.0f} % (darkest). "
        "The numbers are means over rings, of radius up to 4, up to 10, and beyond, in cycles per image."
    )
    return Drawn(to_svg(figure, name, title), data, "ring", note, bands=False)


def _step(metrics: pd.Index) -> int:
    """Distance of neighbouring frequencies."""
    return min(int(metric.split("/")[2]) for metric in metrics if metric.startswith("error/0/") and metric[8:] != "0")


def signed(value: float) -> str:
    """With one decimal and its sign; what is rounded to nothing has none."""
    text = f"{value:+.1f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def square(axes: Axes, x: float, y: float, colour: str, share: float) -> None:
    face = to_rgba(colour, STRONGEST * max(share, 0.0))
    # not add_patch, which looks for limits of its own, curve by curve
    axes.add_artist(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=face, edgecolor="none"))


def framed(axes: Axes, columns: int, rows: int, left: int = 0, top: int = 0) -> None:
    """Room for squares at whole numbers, the first row on top."""
    axes.set_xlim(left - 0.5, columns - 0.5)
    axes.set_ylim(rows - 0.5, top - 0.5)
    axes.grid(False)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
