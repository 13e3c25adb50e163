"""One look for every figure: the same colour and marker for the same model everywhere, fit for light and dark."""

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from shiftpress.reporting.layout import Canvas, drawn, lay_out
from shiftpress.reporting.svg import Names, marks_of, tidied

COLOURS = ["#0a84c6", "#d95f02", "#1a9e77", "#c64d94", "#8a6fd1", "#b8860b", "#5f8f2f", "#7f7f7f"]
"""Told apart by colour-blind readers and legible on white and on near-black."""
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "*"]
INK = "#0b0c0d"
"""Stands for the text colour of the page; replaced by ``currentColor``."""

RC = {
    "svg.fonttype": "none",
    "svg.hashsalt": "shiftpress",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#8080804d",
    # the grid says where a tick is
    **{f"{axis}tick.{which}.size": 0 for axis in "xy" for which in ("major", "minor")},
    **{f"{axis}tick.major.pad": 6 for axis in "xy"},
    "legend.frameon": False,
    # that of SVG
    "figure.dpi": 72,
}
# for good: matplotlib copies all its settings whenever some are changed for a while
matplotlib.rcParams.update(RC)


def look_of(model: str, models: list[str]) -> dict[str, str]:
    """Colour and marker of a model among all models of the study, in every figure the same.

    A second round of the colours comes with other markers.
    """
    position = sorted(set(models)).index(model)
    around = position // len(COLOURS)
    return {"color": COLOURS[position % len(COLOURS)], "marker": MARKERS[(position + around) % len(MARKERS)]}


FORMATS = {
    "jpeg": {"color": INK, "marker": "x", "linestyle": "--"},
    "webp": {"color": INK, "marker": "+", "linestyle": "-."},
}
"""Image formats stand in the colour of the text beside what is trained."""


def codec_looks(models: list[str]) -> dict[str, dict[str, str]]:
    """The look of every codec of a study. One that is cut short looks like the whole but for a dotted line."""
    learned = [model.split("/") for model in models if model.split("/")[0] not in FORMATS]
    whole = sorted({"/".join(names[:2]) for names in learned})
    looks = {"/".join(n): look_of("/".join(n[:2]), whole) | ({"linestyle": ":"} if len(n) > 2 else {}) for n in learned}
    return looks | {model: FORMATS[model.split("/")[0]] for model in models if model.split("/")[0] in FORMATS}


def new_figure(width: float = 5.0, height: float = 3.4) -> tuple[Figure, Axes]:
    """A figure of one plot in the look of the report; so narrow that a phone shows its letters at their size."""
    figure = _figure(width, height)
    return figure, figure.subplots()


def new_grid(rows: int, columns: int, width: float = 5.0) -> tuple[Figure, list[Axes]]:
    """A figure of square plots in the look of the report, row by row."""
    figure = _figure(width, rows * (width / columns + 0.2))
    return figure, list(figure.subplots(rows, columns, squeeze=False).flat)


def _figure(width: float, height: float) -> Figure:
    """Without pyplot, which would remember it; letters are measured as in the SVG."""
    figure = Figure(figsize=(width, height))
    Canvas(figure)
    return figure


def to_svg(figure: Figure, name: str, title: str, names: Names | None = None) -> str:
    """The figure as an inline SVG element with a title for screen readers. The same figure gives the same text.

    ``names`` has a name for each mark of lines whose marks are not of one model.
    """
    lay_out(figure)
    for patch in (figure.patch, *(axes.patch for axes in figure.axes)):
        patch.set(facecolor="none", edgecolor="none")
    return tidied(drawn(figure).replace(INK, "currentColor"), name, title, marks_of(figure, names or {}))
