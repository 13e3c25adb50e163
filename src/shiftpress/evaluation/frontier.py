"""Numbers at common distances, from the curve of a white-box shift."""

from collections.abc import Iterator, Mapping
from typing import Any

from shiftpress.core.ascent import transport_cost
from shiftpress.core.draws import Draws
from shiftpress.core.records import Record
from shiftpress.core.seeds import seed_for
from shiftpress.core.splits import Split
from shiftpress.evaluation.cells import Cell, Measure, PerImage, record
from shiftpress.shifts.base import WhiteBox


def score_frontiers(
    shifts: Mapping[str, WhiteBox], test: Split, loss: PerImage, measure: Measure, draw_seed: int, **shared: Any
) -> Iterator[Record]:
    """Every metric at every severity of the shifts that are made against this very model.

    A distance that the attack does not reach gives no record.
    """
    for name, shift in shifts.items():
        part = test[: shift.images]
        draws = Draws(seed_for(draw_seed, name), part.ids)
        curve = {0.0: measure(part.pixels, part.labels)}
        for moved in shift.frontier(part, lambda x, rows, part=part: loss(x, part.labels[rows]), draws):
            cost = float(transport_cost(moved, part.pixels).double().mean())
            # a weaker pull that leads no farther tells nothing new
            if cost > max(curve):
                curve[cost] = measure(moved, part.labels)
        for severity in shift.severities:
            if severity <= max(curve):
                cell = Cell(name, severity, shift.source, part.pixels, part.labels)
                for metric, value in at(curve, severity).items():
                    yield record(cell, metric, value, **shared)


def at(curve: Mapping[float, Mapping[str, float]], distance: float) -> dict[str, float]:
    """Metrics at a distance, by monotone cubic interpolation over its square root (Fritsch and Carlson 1980).

    The root, because a loss that grows with the norm of the shift is close to a line in it.
    """
    if len(curve) == 1:
        return dict(curve[distance])
    from scipy.interpolate import PchipInterpolator  # slow to import, for scores of models that nothing is made against

    places = [cost**0.5 for cost in sorted(curve)]
    rows = [curve[cost] for cost in sorted(curve)]
    return {name: float(PchipInterpolator(places, [row[name] for row in rows])(distance**0.5)) for name in rows[0]}
