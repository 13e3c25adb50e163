"""One effect per seed, for every pair of models that a comparison is about."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from shiftpress.claims.comparison import ALONG, MULTIPLICATIVE, Comparison
from shiftpress.claims.select import Lacks, Rows, Scores, filled, models_of, numbers, over_severity, placed
from shiftpress.core.statistics import first_descent, slope


@dataclass(frozen=True)
class Effects:
    """The effect of every seed that both arms have, or what is missing; and records of theirs that are in doubt."""

    dataset: str
    model: str
    values: pd.Series
    missing: list[str]
    doubted: list[str]
    models: list[str] = field(default_factory=list)
    """All that it is computed from."""


def effects(comparison: Comparison, scores: Scores) -> list[Effects]:
    """Every dataset and model of a comparison; one that names what is missing if there is none."""
    found = list(_each(comparison, scores))
    if found:
        return found
    missing = f"{comparison.metric} of a model like {comparison.arm.model}"
    where = "" if comparison.dataset == "*" else f" on a dataset like {comparison.dataset}"
    return [Effects("", comparison.arm.model, pd.Series(dtype=float), [missing + where], [])]


def _each(comparison: Comparison, scores: Scores) -> Iterator[Effects]:
    for dataset, rows in scores.of(comparison):
        if comparison.effect in ALONG:
            yield _named(comparison, dataset, comparison.arm.model, *_along(comparison, rows))
            continue
        for model in models_of(comparison, rows):
            yield _named(comparison, dataset, model, *_pair(comparison, rows, model))


def _named(comparison: Comparison, dataset: str, model: str, values: pd.Series, lacks: Lacks) -> Effects:
    """Each thing that stands against it once; without all records there is no value, nor where a ratio is of zeros."""
    missing, doubted = (list(dict.fromkeys(names)) for names in (lacks.missing, lacks.doubted))
    # a seed alone must not be left out: zeros are where a method did best, or failed altogether
    if comparison.effect in MULTIPLICATIVE and not missing and not (np.isfinite(values) & (values > 0)).all():
        missing = [f"{comparison.metric} above zero in every seed, for a ratio of {model}"]
    kept = pd.Series(dtype=float) if missing else values
    return Effects(dataset, model, kept, missing, doubted, _models(comparison, model))


def _models(comparison: Comparison, model: str) -> list[str]:
    """Names of the models that both arms read."""
    arms = [arm for arm in (comparison.arm, comparison.baseline) if arm is not None]
    names = [name for arm in arms for name in (arm.model, *arm.pooled, arm.less) if name is not None]
    if comparison.effect in ALONG:
        return [placed(name, x, at) for x, at in comparison.along.items() for name in names]
    return [model if name == comparison.arm.model else filled(name, model) for name in names]


def _pair(comparison: Comparison, rows: Rows, model: str) -> tuple[pd.Series, Lacks]:
    """Arm against baseline, seed by seed."""
    arm, baseline = comparison.arm, comparison.baseline
    if comparison.effect == "crossing":
        ours, theirs = rows.curves(arm, model), rows.curves(baseline, filled(baseline.model, model))
        lacks = ours.lacks + theirs.lacks
        if lacks.missing:
            return pd.Series(dtype=float), lacks
        return _crossings(over_severity(ours), over_severity(theirs)) * comparison.scale, lacks
    one, lacks = numbers(rows, arm, lambda name: filled(name, model) if name != arm.model else model)
    if baseline is not None:
        other, theirs = numbers(rows, baseline, lambda name: filled(name, model))
        one, lacks = (one - other if comparison.effect == "difference" else _ratio(one, other)), lacks + theirs
    return one.dropna() * comparison.scale, lacks


def _ratio(ours: pd.Series, theirs: pd.Series) -> pd.Series:
    """Of the seeds that both have. Zero by zero is given as zero: no ratio either, but no lack of records."""
    seeds = ours.dropna().index.intersection(theirs.dropna().index)
    return (ours[seeds] / theirs[seeds]).fillna(0.0)


@np.errstate(divide="ignore", invalid="ignore")  # of a zero, whose factor is refused as any ratio is
def _along(comparison: Comparison, rows: Rows) -> tuple[pd.Series, Lacks]:
    """How the arm, or what it is to the baseline, grows per step along models or severities: a factor or an amount."""
    factor, columns, lacks = comparison.effect == "trend", [], Lacks()
    for name, position in comparison.along.items():
        column, own = _point(comparison, rows, name, position)
        columns.append(np.log(column) if factor else column)
        lacks += own
    table = pd.concat(columns, axis=1).dropna()
    positions = list(comparison.along.values())
    if lacks.missing or table.empty:
        return pd.Series(dtype=float), lacks
    slopes = table.apply(lambda row: slope(positions, row.tolist()), axis=1)
    return (np.exp(slopes) if factor else slopes) * comparison.scale, lacks


def _point(comparison: Comparison, rows: Rows, name: str, position: float) -> tuple[pd.Series, Lacks]:
    def named(model: str) -> str:
        return placed(model, name, position)

    there = {"severities": [position]} if comparison.by == "severity" else {}
    ours, lacks = numbers(rows, comparison.arm.model_copy(update=there), named)
    if comparison.baseline is None:
        return ours, lacks
    theirs, more = numbers(rows, comparison.baseline.model_copy(update=there), named)
    return (_ratio(ours, theirs) if comparison.effect == "trend" else ours - theirs), lacks + more


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
