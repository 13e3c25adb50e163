"""The figures of the report, from tidy tables of estimates."""

import pandas as pd
from matplotlib.axes import Axes

from shiftpress.reporting.style import look_of, new_figure, to_svg
from shiftpress.reporting.tables import estimates


def against_severity(frame: pd.DataFrame, name: str, xlabel: str, ylabel: str, title: str) -> tuple[str, pd.DataFrame]:
    """One line per model over the severities of a shift, with intervals. Returns the SVG and its data."""
    data = estimates(frame, ["model", "severity"]).sort_values(["model", "severity"], ignore_index=True)
    figure, axes = new_figure()
    for model, rows in data.groupby("model"):
        _line(axes, rows, model, look_of(model, list(data.model.unique())))
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    if data.model.nunique() > 1:
        axes.legend()
    return to_svg(figure, name, title), data


def _line(axes: Axes, rows: pd.DataFrame, label: str, look: dict[str, str]) -> None:
    axes.plot(rows.severity, rows["mean"], label=label, markersize=4, linewidth=1.5, **look)
    if rows.low.notna().all():
        low, high = rows.low.astype(float), rows.high.astype(float)
        axes.fill_between(rows.severity, low, high, color=look["color"], alpha=0.2, linewidth=0)
