"""What the report says about compressed networks under attack, classifier by classifier."""

from typing import Any

import pandas as pd

from shiftpress.reporting.atmc_audit import COLUMNS, SIZES, audit_groups, saved, sizes
from shiftpress.reporting.atmc_figures import against_size
from shiftpress.reporting.atmc_orders import comparisons, gap_table, order_table
from shiftpress.reporting.atmc_tables import (
    METHODS,
    ROLES,
    accuracy_groups,
    by_method,
    columns_of,
    of_compressed,
    scored,
)
from shiftpress.reporting.attack_tables import robust_table
from shiftpress.reporting.charts import Chart, chart
from shiftpress.reporting.published import poster_about
from shiftpress.reporting.tables import AT, accuracy_table


def atmc_chapter(
    frame: pd.DataFrame, poster: pd.DataFrame, dataset: str, radius: float, shifts: list[str]
) -> dict[str, Any]:
    """Tables and figures about the networks of one dataset, trained under a radius; empty if there are none.

    ``shifts`` are the study's, in their order.
    """
    here = frame[(frame.dataset == dataset) & (frame.phase == "atmc")]
    networks = of_compressed(here)
    if networks.empty:
        return {}
    order, scored_under = list(_in_order(networks)).index, set(networks[networks.metric == "accuracy"]["shift"])
    names = [name for name in shifts if name in scored_under]
    return {
        "radius": radius,
        "methods": {name: words for name, words in METHODS.items() if name in set(networks.method)},
        "audit_heads": [title for title, _ in COLUMNS.values()],
        "audit_digits": [digits for _, digits in COLUMNS.values()],
        "sizes": SIZES,
        "attacks": robust_table(here, order),
        "shifts": names if len(names) > 1 else [],
        "shifted": {at: accuracy_table(here, dataset, names, "atmc", order, at) for at in AT},
        "classifiers": [
            _classifier(here, own, poster, dataset, name, radius) for name, own in networks.groupby("classifier")
        ],
    }


def _classifier(
    frame: pd.DataFrame, networks: pd.DataFrame, poster: pd.DataFrame, dataset: str, name: str, radius: float
) -> dict[str, Any]:
    scores, table = scored(networks, radius), sizes(networks)
    theirs = poster_about(poster, dataset, name)
    columns, compared = columns_of(scores), comparisons(frame, name)
    figures = {size: _figures(scores, table, theirs, dataset, name, size, columns, radius) for size in SIZES}
    return {
        "name": name,
        "columns": columns,
        "left_out": _left_out(columns, figures["size_paper"]),
        "poster": theirs.origin.iloc[0] if len(theirs) else "",
        "poster_radius": _like(theirs, "paper", radius).severity.max(),
        "groups": accuracy_groups(scores),
        "audit": audit_groups(table),
        "saved": saved(table, theirs),
        "order": order_table(compared, networks, radius),
        "gaps": gap_table(compared, scores, columns),
        "figures": figures,
    }


def _in_order(networks: pd.DataFrame) -> pd.Series:
    """Names of the networks, by classifier, method and falling ratio."""
    names = networks.drop_duplicates("model").assign(ratio=lambda rows: -rows.ratio)
    return names.sort_values(["classifier", "method", "ratio"], key=by_method).model


def _left_out(columns: list[dict[str, Any]], figures: list[Chart]) -> list[str]:
    """Why there is no figure under an attack, for each that has none."""
    tried, drawn = {column["under"] for column in columns}, {figure["under"] for figure in figures}
    return [
        f"{'Too few networks were' if role in tried else 'No network was'} attacked with {words} in this tier"
        for role, (words, _) in ROLES.items()
        if role not in drawn
    ]


def _figures(
    scores: pd.DataFrame,
    table: pd.DataFrame,
    theirs: pd.DataFrame,
    dataset: str,
    classifier: str,
    size: str,
    columns: list[dict[str, Any]],
    radius: float,
) -> list[Chart]:
    """One for clean images and one for each attack, against one way of counting."""
    found = []
    for column in columns:
        under, name = column["under"], f"{dataset}-atmc-{column['under']}_{size}_{classifier}"
        what = "Accuracy on clean images" if under == "clean" else f"Accuracy under {column['title']}"
        title = f"{what} against size {SIZES[size]}, {classifier} on {dataset}"
        marks = _like(theirs, under, radius)
        if drawn := against_size(scores, table, marks, under, size, name, title):
            found.append(chart(name, title, drawn) | {"place": "size, %", "under": under})
    return found


def _like(theirs: pd.DataFrame, under: str, radius: float) -> pd.DataFrame:
    """The poster's points for a figure: for all attacks those under its own, at its radius nearest to ours."""
    if under == "clean":
        return theirs[theirs["shift"] == "clean"]
    own = theirs[theirs["shift"].isin(ROLES["paper"][1])]
    nearest = min(own.severity, key=lambda size: abs(size - radius), default=0.0)
    return own[own.severity == nearest]
