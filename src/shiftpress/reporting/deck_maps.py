"""Maps about decks, corruption by severity: where images are sent, and what a deck gains over its best card."""

from collections.abc import Callable

import pandas as pd

from shiftpress.reporting import deck_tables as tables
from shiftpress.reporting.card_maps import BETTER, WORSE, framed, signed, square
from shiftpress.reporting.card_tables import CORRUPTIONS
from shiftpress.reporting.drawn import Drawn
from shiftpress.reporting.style import INK, new_figure, to_svg
from shiftpress.reporting.tables import estimates

GATE = "spectral"
Look = Callable[[float], tuple[str, float]]
Text = Callable[[float], str]


def routing(rows: pd.DataFrame, group: str, name: str, title: str) -> Drawn | None:
    """The share of the weight that goes to the cards of one augmentation, behind the spectral gate."""
    rows = rows[(rows.metric == f"weight_{group}") & (rows.gate == GATE) & ~rows["shift"].isin(tables.SPECIAL)]
    if rows.empty:
        return None
    data = _estimates(rows)
    drawn = data[data.batch == data.batch.max()]
    figure = _map(drawn, lambda mean: (BETTER, mean / 100), "{:.0f}".format, name, title)
    note = f"In percent; drawn for batches of {drawn.batch.max():.0f} images, and mean over seeds."
    return Drawn(figure, data, "cell", note, bands=False)


def gain(rows: pd.DataFrame, deck: str, name: str, title: str) -> Drawn | None:
    """Accuracy of the agnostic deck less that of its best single card, in points."""
    cells = tables.by_cell(rows)
    differences = tables.less(cells, f"{deck}/{tables.BEST}")
    differences = differences[differences.model == f"{deck}/{tables.AGNOSTIC}"]
    if differences.empty:
        return None
    data = estimates(differences.assign(cell=_cells(differences)), ["model", "shift", "severity", "cell"])
    largest = max(data["mean"].abs().max(), 1e-9)
    colours = lambda mean: (BETTER if mean > 0 else WORSE, (abs(mean) / largest) ** 0.5)  # noqa: E731
    note = "Points of accuracy, mean over seeds; blue: the deck is better. The card is the best in hindsight."
    return Drawn(_map(data, colours, signed, name, title), data, "cell", note, bands=False)


def _estimates(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.assign(value=100 * rows["value"], cell=_cells(rows))
    return estimates(rows, ["model", "batch", "shift", "severity", "cell"])


def _cells(rows: pd.DataFrame) -> pd.Series:
    return rows["shift"].str.replace("_", " ") + " " + rows.severity.map("{:g}".format)


def _map(data: pd.DataFrame, look: Look, text: Text, name: str, title: str) -> str:
    """A square for every corruption (down) and severity (across); clean images have a row and severity 0."""
    shifts = [shift for shift in ["clean", *CORRUPTIONS] if shift in set(data["shift"])]
    severities = sorted(data.severity.unique())
    figure, axes = new_figure(height=1.2 + 0.3 * len(shifts))
    for mean, shift, severity in zip(data["mean"], data["shift"], data.severity, strict=True):
        column, row = severities.index(severity), shifts.index(shift)
        square(axes, column, row, *look(mean))
        axes.text(column, row, text(mean), ha="center", va="center", fontsize=8, color=INK)
    axes.set_xticks(range(len(severities)), [f"{severity:g}" for severity in severities])
    axes.set_yticks(range(len(shifts)), [shift.replace("_", " ") for shift in shifts], fontsize=9)
    axes.set_xlabel("severity")
    framed(axes, len(severities), len(shifts))
    return to_svg(figure, name, title)
