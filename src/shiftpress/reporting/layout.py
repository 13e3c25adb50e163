"""Room for the words around plots, measured once: matplotlib's own layouts measure all of them several times."""

import io
from functools import lru_cache

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

PAD = 3
"""Points between plots, and to the edge of the figure."""
ABOUT = (46, PAD, 34, PAD)
"""Points left, right, below and above a plot before they are measured: ticks follow from the size of the plot."""


class Renderer(RendererSVG):
    """That of matplotlib, which measures a word once for all figures."""

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath) -> tuple[float, float, float]:
        """Width, height and descent of a text, in points."""
        return _measured(s, prop.copy(), ismath)


@lru_cache(4096)
def _measured(text: str, prop: FontProperties, ismath) -> tuple[float, float, float]:
    return text_to_path.get_text_width_height_descent(text, prop, ismath)


class Canvas(FigureCanvasSVG):
    """Measures by one renderer what is not drawn yet; matplotlib would begin a file each time."""

    _measures = Renderer(1, 1, io.StringIO())

    def get_renderer(self) -> Renderer:
        """What matplotlib measures by before a figure is drawn."""
        return self._measures


def drawn(figure: Figure) -> str:
    """The SVG of a figure that is laid out, without a date."""
    text = io.StringIO()
    renderer = Renderer(*figure.bbox.size, text, metadata={"Date": None, "Creator": None})
    figure.draw(renderer)
    renderer.finalize()
    return text.getvalue()


def lay_out(figure: Figure) -> None:
    """Place plots of one size in their rows and columns, their words beside them, and the legend below."""
    legend = max((legend.get_window_extent().y1 for legend in figure.legends), default=0.0)
    _place(figure, ABOUT, legend)
    axes = figure.axes
    for one in axes:  # where they are not in the way, and matplotlib need not look for their place
        one.xaxis.set_label_coords(0.5, 0.5)
        one.yaxis.set_label_coords(0.5, 0.5)
    left, right, down, up = (max(sides) for sides in zip(*map(_words, axes), strict=True))
    high = max(_room(one.xaxis, one.xaxis.label.get_window_extent().height) for one in axes)
    wide = max(_room(one.yaxis, one.yaxis.label.get_window_extent().width) for one in axes)
    _place(figure, (left + wide, right, down + high, up), legend)
    for one in axes:
        one.xaxis.set_label_coords(0.5, -(down + one.xaxis.labelpad) / one.bbox.height)
        one.yaxis.set_label_coords(-(left + one.yaxis.labelpad) / one.bbox.width, 0.5)


def _words(axes: Axes) -> tuple[float, float, float, float]:
    """Points that ticks and title take left, right, below and above."""
    words, box = axes.get_tightbbox(for_layout_only=True), axes.bbox
    return box.x0 - words.x0, words.x1 - box.x1, box.y0 - words.y0, words.y1 - box.y1


def _room(axis: Axis, size: float) -> float:
    """Points that a label of this size takes."""
    return size + axis.labelpad if axis.get_label_text() else 0.0


def _place(figure: Figure, beside: tuple[float, float, float, float], legend: float) -> None:
    """Leave so many points left, right, below and above every plot, and below all of them those of the legend."""
    left, right, down, up = beside
    rows, columns = figure.axes[0].get_subplotspec().get_gridspec().get_geometry()
    width, height = figure.bbox.width - PAD, figure.bbox.height - legend - PAD
    across, along = left + right + PAD, down + up + PAD
    figure.subplots_adjust(
        left=(PAD + left) / figure.bbox.width,
        right=1 - (PAD + right) / figure.bbox.width,
        bottom=(legend + PAD + down) / figure.bbox.height,
        top=1 - (PAD + up) / figure.bbox.height,
        # of the size of a plot
        wspace=across / (width / columns - across),
        hspace=along / (height / rows - along),
    )
