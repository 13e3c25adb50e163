"""The tidy tables of a run, and a dictionary of every column of theirs."""

from collections.abc import Iterable
from typing import Any

import pandas as pd
from pydantic import BaseModel

from shiftpress.claims.comparison import Reported
from shiftpress.claims.registered import Registration
from shiftpress.claims.results import Part, Row
from shiftpress.core.records import Record
from shiftpress.exporting.metrics import describe

WHOLE = {
    "interval": ("low", "high"),
    "hierarchical": ("hierarchical_low", "hierarchical_high"),
    "within": ("within_low", "within_high"),
}
"""Columns that a pair becomes."""
INNER = {"reported": Reported, "registered": Registration}
"""Columns whose fields become columns."""
LISTED = ("parts", "seeds", "values", "missing", "doubted")
"""Columns that hold lists: tables of their own, or joined by semicolons."""
ABOUT = {
    "claim": "id of the claim",
    "comparison": "number of the comparison within its claim, from 1; the first is the claim's own",
    "effect_of_seed": "effect of the comparison for this seed, in its unit",
    "run_seed": "run seed of the models",
    "metric": "name in the records; * stands for the parts of a map or a curve",
    "metric_unit": "unit of the values",
    "meaning": "what the values are",
    "phases": "phases whose records have the metric",
    "records": "how many records have it",
    "table": "file it is in",
    "column": "its name",
    "type": "text, number, integer or truth; empty cells are no values",
}


def tables(scores: pd.DataFrame, claims: list[dict[str, Any]]) -> dict[str, pd.DataFrame]:
    """Every table by name, the dictionary among them."""
    comparisons = [(row["id"], number, part) for row in claims for number, part in enumerate(row["parts"], 1)]
    found = {
        "records": scores,
        "claims": pd.DataFrame([_flat(row) for row in claims]),
        "comparisons": pd.DataFrame(
            [{"claim": name, "comparison": number} | _flat(part) for name, number, part in comparisons]
        ),
        "effects": pd.DataFrame(
            [
                {"claim": name, "comparison": number, "run_seed": seed, "effect_of_seed": value}
                for name, number, part in comparisons
                for seed, value in zip(part["seeds"], part["values"], strict=True)
            ],
            columns=["claim", "comparison", "run_seed", "effect_of_seed"],
        ),
        "metrics": _metrics(scores),
    }
    found["dictionary"] = pd.DataFrame(_dictionary(found), columns=["table", "column", "type", "meaning"])
    return found


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose cells are single values."""
    found: dict[str, Any] = {}
    for key, value in row.items():
        if key in WHOLE:
            found |= dict(zip(WHOLE[key], value or (None, None), strict=True))
        elif key in INNER:
            found |= {f"{key}_{name}": (value or {}).get(name) for name in INNER[key].model_fields}
        elif key in ("missing", "doubted"):
            found[key] = "; ".join(value)
        elif key not in LISTED:
            found[key] = value
    return found


def _metrics(scores: pd.DataFrame) -> pd.DataFrame:
    named = scores.assign(metric=scores.metric.str.replace(r"/.*", "/*", regex=True))
    rows = []
    for metric, group in named.groupby("metric"):
        unit, meaning = describe(metric)
        phases = ", ".join(sorted(group.phase.unique()))
        rows.append((metric, unit, meaning, phases, len(group)))
    return pd.DataFrame(rows, columns=["metric", "metric_unit", "meaning", "phases", "records"])


def _dictionary(found: dict[str, pd.DataFrame]) -> list[tuple[str, str, str, str]]:
    said = {"records": _said([Record]), "claims": _said([Row]), "comparisons": _said([Part])}
    own = ["table", "column", "type", "meaning"]
    rows = [
        (f"{name}.csv", column, _type(table[column]), (said.get(name, {}) | ABOUT)[column])
        for name, table in found.items()
        for column in table.columns
    ]
    return rows + [("dictionary.csv", column, "text", ABOUT[column]) for column in own]


def _said(models: Iterable[type[BaseModel]]) -> dict[str, str]:
    """What the typed models say of their fields, by the columns that these become."""
    found: dict[str, str] = {}
    for model in models:
        for name, field in model.model_fields.items():
            whole = field.description or ""
            for part in WHOLE.get(name, ()):
                found[part] = f"{'lower' if part.endswith('low') else 'upper'} end: {whole}"
            for inner, own in INNER[name].model_fields.items() if name in INNER else ():
                found[f"{name}_{inner}"] = f"{whole}: {own.description}"
            found[name] = whole
    return found


def _type(column: pd.Series) -> str:
    filled = column.dropna()
    if pd.api.types.is_bool_dtype(filled) or (len(filled) and all(isinstance(value, bool) for value in filled)):
        return "truth"
    if pd.api.types.is_integer_dtype(filled):
        return "integer"
    return "number" if pd.api.types.is_numeric_dtype(filled) else "text"
