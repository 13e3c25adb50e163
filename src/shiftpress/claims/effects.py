"""One effect per seed, for every pair of models that a comparison is about."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from shiftpress.claims.comparison import Arm, Comparison
from shiftpress.claims.select import curves, filled, models_of, over_severity, reduced, rows_of
from shiftpress.core.statistics import first_descent, slope


@dataclass(frozen=True)
class Effects:
    """The effect of every seed that both arms have, or what is missing."""

    dataset: str
    model: str
    values: pd.Series
    missing: list[str]


def effects(comparison: Comparison, scores: pd.DataFrame) -> list[Effects]:
    """Every dataset and model of a comparison; one that names what is missing if there is none."""
    found = list(_each(comparison, scores))
    if found:
        return found
    missing = f"{comparison.metric} of a model like {comparison.arm.model}"
    where = "" if comparison.dataset == "*" else f" on a dataset like {comparison.dataset}"
    return [Effects("", comparison.arm.model, pd.Series(dtype=float), [missing + where])]


def _each(comparison: Comparison, scores: pd.DataFrame) -> Iterator[Effects]:
    for dataset, rows in rows_of(comparison, scores):
        if comparison.effect == "trend":
            values, missing = _trend(comparison, rows)
            yield Effects(dataset, comparison.arm.model, values, missing)
            continue
        for model in models_of(comparison.arm.model, rows):
            values, missing = _pair(comparison, rows, model)
            yield Effects(dataset, model, values, missing)


def _pair(comparison: Comparison, rows: pd.DataFrame, model: str) -> tuple[pd.Series, list[str]]:
    """Arm against baseline, seed by seed."""
    arm, baseline = comparison.arm, comparison.baseline
    ours, theirs = curves(rows, arm, model), curves(rows, baseline, filled(baseline.model, model))
    missing = [*ours.missing, *theirs.missing]
    if missing:
        return pd.Series(dtype=float), missing
    if comparison.effect == "crossing":
        return _crossings(over_severity(ours), over_severity(theirs)) * comparison.scale, missing
    one, other = reduced(ours, arm), reduced(theirs, baseline)
    values = one - other if comparison.effect == "difference" else one / other
    return values.dropna() * comparison.scale, missing


def _trend(comparison: Comparison, rows: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    """The factor by which the arm, or its ratio to the baseline, grows per step along the models."""
    columns, missing = [], []
    for name, position in comparison.along.items():
        column, absent = _point(comparison, rows, name, position)
        columns.append(np.log(column))
        missing += absent
    table = pd.concat(columns, axis=1).dropna()
    positions = list(comparison.along.values())
    if missing or table.empty:
        return pd.Series(dtype=float), list(dict.fromkeys(missing))
    return np.exp(table.apply(lambda row: slope(positions, row.tolist()), axis=1)) * comparison.scale, []


def _point(comparison: Comparison, rows: pd.DataFrame, name: str, position: float) -> tuple[pd.Series, list[str]]:
    def placed(arm: Arm) -> str:
        return arm.model.replace("{x}", name).replace("{at}", f"{position:g}")

    arm, baseline = comparison.arm, comparison.baseline
    ours = curves(rows, arm, placed(arm))
    if baseline is None:
        return reduced(ours, arm), ours.missing
    theirs = curves(rows, baseline, placed(baseline))
    return reduced(ours, arm) / reduced(theirs, baseline), [*ours.missing, *theirs.missing]


def _crossings(arm: pd.DataFrame, baseline: pd.DataFrame) -> pd.Series:
    """Per seed, the severity from which on the arm is no worse than the baseline; seeds that never cross are left out.

    The logarithm of the ratio is taken as linear in the square root of the severity, in which the curves are nearly
    straight. Severities are not negative.
    """
    seeds, severities = arm.index.intersection(baseline.index), arm.columns.intersection(baseline.columns)
    logs = np.log(arm.loc[seeds, severities] / baseline.loc[seeds, severities])
    roots = np.sqrt(severities.to_numpy(dtype=float)).tolist()
    found = {seed: first_descent(roots, row.tolist()) for seed, row in logs.iterrows()}
    return pd.Series({seed: root**2 for seed, root in found.items() if root is not None}, dtype=float)
