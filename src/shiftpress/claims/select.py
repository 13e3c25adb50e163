"""From records to one number per seed."""

import fnmatch
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from shiftpress.claims.comparison import Arm, Comparison
from shiftpress.core.doubted import FAILED, failures, marked
from shiftpress.core.records import DIVERGED, DIVERGED_BEHIND

REDUCE = {
    "mean": np.mean,
    "max": np.max,
    "sd": lambda values, axis: np.std(values, axis=axis, ddof=1),
    "p99": lambda values, axis: np.quantile(values, 0.99, axis=axis),
}


GONE = (DIVERGED, DIVERGED_BEHIND)
"""How the metrics begin that say that there is no other."""
LOST = "whose training diverged"
"""How the name of a network that never came to be ends, or of a comparison with one."""


@dataclass(frozen=True)
class Lacks:
    """What stands against an effect: records that were not there, and those that failed a sanity gate."""

    missing: list[str] = field(default_factory=list)
    doubted: list[str] = field(default_factory=list)

    def __add__(self, other: "Lacks") -> "Lacks":
        return Lacks([*self.missing, *other.missing], [*self.doubted, *other.doubted])


@dataclass(frozen=True)
class Curves:
    """Values of one arm: a row per seed, a column per shift and severity, all filled; and what stands against them."""

    table: pd.DataFrame
    lacks: Lacks = Lacks()


class Rows:
    """Records of one phase, metric and dataset by model; comparisons ask for the same ones again and again.

    ``lost`` are the seeds with which the training of a model diverged.
    """

    def __init__(self, table: pd.DataFrame, lost: dict[str, list[int]]):
        self._none, self._lost = table.iloc[:0], lost
        self._models = dict(list(table.groupby("model")))
        self._curves: dict[tuple, Curves] = {}

    @property
    def models(self) -> list[str]:
        """Names, sorted; those of which there is nothing because training diverged too."""
        return sorted(self._models.keys() | self._lost)

    def of(self, model: str) -> pd.DataFrame:
        """The records of one."""
        return self._models.get(model, self._none)

    def curves(self, arm: Arm, model: str) -> Curves:
        """What ``curves`` finds, once."""
        key = model, tuple(arm.shifts), repr(arm.severities)
        if key not in self._curves:
            self._curves[key] = curves(self.of(model), arm, model, self._lost.get(model, []))
        return self._curves[key]


class Scores:
    """Records by phase and metric, for hundreds of comparisons: each would have to search all of them."""

    def __init__(self, table: pd.DataFrame):
        self._none = table.iloc[:0]
        self._groups = dict(list(table.groupby(["phase", "metric"])))
        self._failed = failures(table)
        self._lost = {
            metric: _lost(rows) for metric, rows in table[table.metric.str.startswith(GONE)].groupby("metric")
        }
        self._rows: dict[tuple[str, str], dict[str, Rows]] = {}

    def of(self, comparison: Comparison) -> Iterator[tuple[str, Rows]]:
        """Each dataset that is meant, with the records of the phase and metric on it, and the gates they failed."""
        key = comparison.phase, comparison.metric
        if key not in self._rows:
            here = dict(list(marked(self._groups.get(key, self._none), self._failed).groupby("dataset")))
            lost = self._lost_for(*key)
            self._rows[key] = {d: Rows(here.get(d, self._none), lost.get(d, {})) for d in sorted({*here, *lost})}
        for dataset, found in self._rows[key].items():
            if fnmatch.fnmatchcase(dataset, comparison.dataset):
                yield dataset, found

    def _lost_for(self, phase: str, metric: str) -> dict[str, dict[str, list[int]]]:
        """By dataset and model, the seeds of which a metric cannot be had."""
        found: dict[str, dict[str, list[int]]] = defaultdict(dict)
        for name in (DIVERGED, f"{DIVERGED_BEHIND}{metric}"):
            for (where, dataset, model), seeds in self._lost.get(name, {}).items():
                if where == phase:
                    found[dataset][model] = sorted({*found[dataset].get(model, []), *seeds})
        return found


def _lost(rows: pd.DataFrame) -> dict[tuple[str, str, str], list[int]]:
    """Seeds by phase, dataset and model."""
    return {where: seeds.tolist() for where, seeds in rows.groupby(["phase", "dataset", "model"]).seed}


def models_of(comparison: Comparison, rows: Rows) -> list[str]:
    """The models that an arm stands for. A name without * stands for itself, recorded or not."""
    pattern = comparison.arm.model
    if "*" not in pattern:
        return [pattern]
    found = [model for model in rows.models if fnmatch.fnmatchcase(model, pattern)]
    return [model for model in found if not any(fnmatch.fnmatchcase(model, own) for own in comparison.apart)]


def filled(pattern: str, model: str) -> str:
    """The pattern with {1}, {2}, ... replaced by the names the model is made of."""
    names = model.split("/")
    return re.sub(r"\{(\d)\}", lambda m: names[int(m[1]) - 1] if int(m[1]) <= len(names) else "", pattern)


def placed(pattern: str, name: str, position: float) -> str:
    """The pattern with {x} and {at} replaced by a name along a trend or slope, and its position."""
    return pattern.replace("{x}", name).replace("{at}", f"{position:g}")


def curves(own: pd.DataFrame, arm: Arm, model: str, lost: Sequence[int] = ()) -> Curves:
    """The records of an arm, from those of its model. Seeds that lack some of its severities are left out.

    A seed that is ``lost`` to divergence is not: what is left would be the better part of what the method makes.
    """
    if lost:
        return Curves(pd.DataFrame(), Lacks([f"{model} of seed {', '.join(map(str, lost))}, {LOST}"]))
    if own.empty:
        return Curves(pd.DataFrame(), Lacks([model]))
    absent = [f"{model} under {shift}" for shift in arm.shifts if shift not in set(own["shift"])]
    own = own[own["shift"].isin(arm.shifts)]
    if isinstance(arm.severities, list):
        lost = sorted(set(arm.severities) - set(own.severity))
        absent += [f"{model} under {' or '.join(arm.shifts)} at {s:g}" for s in lost if not absent]
        own = own[own.severity.isin(arm.severities)]
    elif arm.severities == "shifted":
        own = own[own.severity != 0]
    if absent or own.empty:
        return Curves(pd.DataFrame(), Lacks(absent or [f"{model} under {' or '.join(arm.shifts)}"]))
    return Curves(own.pivot(index="seed", columns=["shift", "severity"], values="value").dropna(), _doubts(own, model))


def _doubts(own: pd.DataFrame, model: str) -> Lacks:
    """The shifts under which a model's records failed gates, of any seed."""
    failed = own[own[FAILED] != ""]
    names = [
        f"{model} under {shift} ({', '.join(sorted(set(', '.join(rows[FAILED]).split(', '))))})"
        for shift, rows in failed.groupby("shift")
    ]
    return Lacks(doubted=names)


def numbers(rows: Rows, arm: Arm, named: Callable[[str], str]) -> tuple[pd.Series, Lacks]:
    """One number per seed, over the models that are pooled and less the one taken off; and what stands against it."""
    found = [rows.curves(arm, named(model)) for model in (arm.model, *arm.pooled)]
    lacks = sum((one.lacks for one in found), Lacks())
    value = pd.concat([reduced(one, arm) for one in found], axis=1).mean(axis=1, skipna=False)
    if arm.less is not None:
        off = rows.curves(arm, named(arm.less))
        value, lacks = value - reduced(off, arm), lacks + off.lacks
    return value, lacks


def reduced(found: Curves, arm: Arm) -> pd.Series:
    """One number per seed."""
    if found.table.empty:
        return pd.Series(dtype=float)
    return pd.Series(REDUCE[arm.over](found.table.to_numpy(), axis=1), index=found.table.index)


def over_severity(found: Curves) -> pd.DataFrame:
    """A row per seed, a column per severity in rising order; shifts that share a severity are averaged."""
    if found.table.empty:
        return found.table
    return found.table.T.groupby(level="severity").mean().T.sort_index(axis=1)
