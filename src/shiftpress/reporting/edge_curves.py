"""Accuracy of networks for the edge against the radius of attacks on them."""

import pandas as pd

from shiftpress.core.adversarial import ROBUST
from shiftpress.reporting.averages import Attack
from shiftpress.reporting.drawn import Drawn
from shiftpress.reporting.edge_figures import CROSS, looks_of
from shiftpress.reporting.edge_tables import order
from shiftpress.reporting.figures import ROOM, key, legend, points
from shiftpress.reporting.standing import gates_in
from shiftpress.reporting.style import INK, new_figure, to_svg
from shiftpress.reporting.tables import estimates

WHOLE = "dense"


def over_radius(rows: pd.DataFrame, attack: Attack, name: str, title: str) -> Drawn | None:
    """What withstands the attack at each of its radii, by method: those of the share of bits that most are of.

    ``rows`` are ``of_edge``. Means over the sizes of network that have all radii; radius 0 is the same images as they
    are. Dense networks stand beside them. The numbers are those of all shares.
    """
    found = _withstood(rows, attack)
    if found.empty:
        return None
    data = estimates(found, ["model", "method", "percent", "radius"])
    doubts = found.groupby(["model", "radius"])["failed"].agg(gates_in)
    data = data.assign(failed=[doubts[pair] for pair in zip(data.model, data.radius, strict=True)])
    data = data.sort_values(["method", "percent", "radius"], key=_by_order, ignore_index=True)
    share = _share(data)
    shown = data[(data.method == WHOLE) | (data.percent == share)]
    looks = looks_of(list(data.method))
    methods = [method for method in looks if method in set(shown.method)]
    drawn = sorted(methods, key=lambda method: method != WHOLE)[: ROOM + 1]
    figure, axes = new_figure(height=4.4)
    for method in sorted(drawn, key=order):
        points(axes, shown[shown.method == method], "radius", looks[method], method)  # bands would fill in radii
    doubted = shown[(shown.failed != "") & shown.method.isin(drawn)]
    axes.plot(doubted.radius, doubted["mean"], color=INK, **CROSS)
    axes.set_xlabel("radius of the attack, of a pixel's range")
    axes.set_ylabel("accuracy, %")
    legend(figure, axes, *([key("failed a gate", **CROSS)] if len(doubted) else []))
    note = f"Networks of {share:g} % of the bits beside whole ones, means over the sizes of network."
    if len(drawn) < data.model.nunique():
        note += f" {len(drawn)} of {data.model.nunique()}; the numbers of all are below."
    return Drawn(to_svg(figure, name, title), data, "radius", note)


def _withstood(rows: pd.DataFrame, attack: Attack) -> pd.DataFrame:
    """A row per method, percent, seed and radius, in percent: the mean over sizes."""
    robust = rows[rows.metric == ROBUST]
    by = ["classifier", "method", "percent", "seed"]
    # each attack says what the same images are without it; the worst of all attacks does not
    still = robust[robust.severity == 0].drop_duplicates(by)
    there = robust[(robust["shift"] == attack.name) & robust.severity.isin(attack.radii)]
    found = pd.concat([still, there])
    radii = found.groupby(by).severity.transform("nunique")
    found = found[radii == len(attack.radii) + 1]
    if found.empty:
        return found
    means = found.groupby(["method", "percent", "seed", "severity"])
    means = means.agg(value=("value", "mean"), failed=("failed", gates_in)).reset_index()
    model = means.method + "/" + means.percent.map("{:g}".format)
    return means.assign(model=model, value=100 * means["value"]).rename(columns={"severity": "radius"})


def _share(data: pd.DataFrame) -> float:
    """The share of bits that most methods have networks of, the largest of those."""
    small = data[data.method != WHOLE]
    counts = (small if len(small) else data).groupby("percent").method.nunique()
    return float(max(counts.index, key=lambda percent: (counts[percent], percent)))


def _by_order(column: pd.Series) -> pd.Series:
    return column.map(order) if column.name == "method" else column
