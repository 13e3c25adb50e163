"""Which records rest on an attack that failed a sanity gate: one of their own cell, or one behind what they compare."""

import pandas as pd

from shiftpress.core.adversarial import BEHIND, UNRELIABLE

CELL = ["phase", "dataset", "model", "shift", "severity", "seed"]
FAILED = "failed"
"""Column of the gates that what a record is about has failed, joined by commas."""


def failures(table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The gates that failed: by cell, for all that is recorded of it; and by cell and metric, for that metric alone."""
    found = table[table.metric.str.startswith((f"{UNRELIABLE}/", BEHIND)) & (table.value > 0)]
    behind = found.metric.str.startswith(BEHIND)
    own, others = found[~behind], found[behind]
    own = own.assign(**{FAILED: own.metric.str.removeprefix(f"{UNRELIABLE}/")})
    named = others.metric.str.removeprefix(BEHIND).str.rsplit("/", n=1)
    others = others.assign(metric=named.str[0], **{FAILED: named.str[1]})
    return _joined(own, CELL), _joined(others, [*CELL, "metric"])


def marked(rows: pd.DataFrame, failed: tuple[pd.Series, pd.Series]) -> pd.DataFrame:
    """The rows in their order with the column failed, from what ``failures`` found."""
    own, others = failed
    gates = [
        rows.join(of.rename(FAILED), on=list(of.index.names))[FAILED].fillna("")
        if len(of)
        else pd.Series("", rows.index)
        for of in (own, others)
    ]
    return rows.assign(**{FAILED: [", ".join(filter(None, both)) for both in zip(*gates, strict=True)]})


def _joined(found: pd.DataFrame, keys: list[str]) -> pd.Series:
    names = found.drop_duplicates([*keys, FAILED]).groupby(keys)[FAILED].agg(", ".join)
    return names.astype(object)
