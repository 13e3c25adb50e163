"""One look for every figure: the same colour and marker for the same model everywhere, fit for light and dark."""

import io

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from shiftpress.reporting.svg import Names, marks_of, tidied  # noqa: E402

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
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    # that of SVG
    "figure.dpi": 72,
}


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
    with plt.rc_context(RC):
        return plt.subplots(figsize=(width, height))


def new_grid(rows: int, columns: int, width: float = 5.0) -> tuple[Figure, list[Axes]]:
    """A figure of square plots in the look of the report, row by row."""
    with plt.rc_context(RC):
        figure, axes = plt.subplots(rows, columns, figsize=(width, rows * (width / columns + 0.2)), squeeze=False)
    return figure, list(axes.flat)


def to_svg(figure: Figure, name: str, title: str, names: Names | None = None) -> str:
    """The figure as an inline SVG element with a title for screen readers. The same figure gives the same text.

    ``names`` has a name for each mark of lines whose marks are not of one model.
    """
    buffer = io.StringIO()
    with plt.rc_context(RC | {"figure.constrained_layout.use": False}):
        # laid out here, or matplotlib draws everything once more to do it
        if engine := figure.get_layout_engine():
            engine.execute(figure)
            figure.set_layout_engine(None)
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = tidied(buffer.getvalue().replace(INK, "currentColor"), name, title, marks_of(figure, names or {}))
    plt.close(figure)
    return text
