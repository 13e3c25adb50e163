"""Words beside plots stay in the figure, and clear of each other."""

import re
from itertools import combinations, product

import pandas as pd
import pytest

from shiftpress.reporting.figures import against_severity, legend, logarithmic
from shiftpress.reporting.layout import PAD, lay_out
from shiftpress.reporting.style import new_figure, new_grid

ROUNDED = 0.5
"""Points that ticks may move when the plot has its size."""


def plotted(values=(0.0, 1.0), names=("a",), **axis):
    figure, axes = new_figure()
    for name in names:
        axes.plot(range(len(values)), values, label=name)
    axes.set(**{"xlabel": "across", "ylabel": "up"} | axis)
    legend(figure, axes)
    return figure, axes


FIGURES = {
    "one line": lambda: plotted(),
    "long ticks": lambda: plotted(values=(1e-4, 1.23456e5)),
    "many lines": lambda: plotted(names=[f"a method of name {number}" for number in range(8)]),
    "words for ticks": lambda: plotted(yticks=[0, 1], yticklabels=["a corruption", "another of a long name"]),
    "no labels": lambda: plotted(xlabel="", ylabel=""),
}


def ticks(axis):
    """The words of the ticks that are drawn."""
    low, high = sorted(axis.get_view_interval())
    pairs = zip(axis.get_ticklabels(), axis.get_ticklocs(), strict=True)
    return [words for words, place in pairs if low <= place <= high]


def boxes(figure, axes):
    """Of the words outside the plot: those of the ticks, and all others."""
    others = [axes.xaxis.label, axes.yaxis.label, *(words for one in figure.legends for words in one.get_texts())]
    every = ([*ticks(axes.xaxis), *ticks(axes.yaxis)], others)
    return [[words.get_window_extent() for words in some if words.get_text()] for some in every]


@pytest.mark.parametrize("make", FIGURES.values(), ids=list(FIGURES))
def test_words_stay_in_the_figure_and_clear_of_each_other(make):
    figure, axes = make()
    lay_out(figure)
    figure.draw_without_rendering()
    (of_ticks, others), edge = boxes(figure, axes), figure.bbox.padded(ROUNDED)
    assert len(of_ticks) > 3
    for box in (*of_ticks, *others):
        assert edge.x0 <= box.x0 and box.x1 <= edge.x1 and edge.y0 <= box.y0 and box.y1 <= edge.y1
    pairs = [*combinations(others, 2), *product(others, [*of_ticks, axes.bbox])]
    assert not [pair for pair in pairs if pair[0].padded(-ROUNDED).overlaps(pair[1].padded(-ROUNDED))]


def test_a_plot_takes_all_the_room_that_words_leave():
    figure, axes = plotted(yticks=[0, 1], yticklabels=["0", "1"])
    lay_out(figure)
    figure.draw_without_rendering()
    words = axes.yaxis.get_tightbbox()
    assert words.x0 == pytest.approx(PAD, abs=ROUNDED)
    assert max(words.y1, axes.bbox.y1) == pytest.approx(figure.bbox.y1 - PAD, abs=ROUNDED)


def test_plots_of_a_grid_are_of_one_size_with_room_for_their_titles():
    figure, every = new_grid(2, 3)
    for axes in every:
        axes.set_title("a method")
        axes.set_xticks([])
        axes.set_yticks([])
    lay_out(figure)
    figure.draw_without_rendering()
    assert len({tuple(axes.bbox.size.round(6)) for axes in every}) == 1
    whole = [axes.get_tightbbox() for axes in every]
    assert not any(one.padded(-ROUNDED).overlaps(other.padded(-ROUNDED)) for one, other in combinations(whole, 2))
    assert all(figure.bbox.padded(ROUNDED).fully_containsx(box.x1) and box.y1 <= figure.bbox.y1 for box in whole)


def test_logarithmic_axes_measure_nothing_that_is_not_seen():
    _, axes = plotted(values=(1.0, 1000.0))
    logarithmic(axes, "y")
    assert len(axes.yaxis.get_minor_ticks()) == 0
    assert len(axes.yaxis.get_major_ticks()) > 3


@pytest.mark.parametrize(
    ("severities", "shown"),
    [((1, 3, 5), ["1", "3", "5"]), ((0.05, 0.1, 0.25), ["0.05", "0.1", "0.25"]), ((1, 2, 3, 40), None)],
)
def test_severities_are_the_ticks_where_there_is_room_for_them(severities, shown):
    rows = [{"model": "m", "severity": place, "value": float(seed)} for place in severities for seed in range(3)]
    svg, _ = against_severity(pd.DataFrame(rows), "n", "severity", "accuracy", "title")
    words = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    first = words[: words.index("severity")]
    assert first == shown if shown else str(severities[-2]) not in first
