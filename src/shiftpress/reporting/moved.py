"""Records of two runs, cell by cell: which are equal, which moved and by how much, which only one run has."""

from dataclasses import dataclass

import pandas as pd

from shiftpress.core.statistics import Estimate, estimate

GROUP = ["phase", "dataset", "model", "shift", "metric"]
CELL = [*GROUP, "part", "severity", "seed"]


@dataclass(frozen=True)
class Move:
    """A metric of a model under a shift, averaged over severities: both means, and the difference paired by seed."""

    phase: str
    dataset: str
    model: str
    shift: str
    metric: str
    a: float
    b: float
    change: Estimate
    """B less A."""
    cells: int
    """How many records it is about."""

    @property
    def relative(self) -> float:
        """The size of the change in units of the larger value."""
        largest = max(abs(self.a), abs(self.b))
        return abs(self.change.mean) / largest if largest else 0.0

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out no change."""
        return self.change.low is not None and not self.change.low <= 0 <= self.change.high


@dataclass(frozen=True)
class Moves:
    """What became of the records."""

    equal: int
    """Records with the same value in both."""
    remade: int
    """Of them, those made by other params, code or inputs."""
    differ: int
    moved: list[Move]
    """The largest relative change first."""
    only: list[dict[str, object]]
    """Models with records in one run that the other does not have."""

    @property
    def same(self) -> bool:
        """Whether both runs have the same records with the same values."""
        return not (self.moved or self.only)

    @property
    def clear(self) -> int:
        """How many moves have an interval that leaves out no change."""
        return sum(move.clear for move in self.moved)


def moves(a: pd.DataFrame, b: pd.DataFrame) -> Moves:
    """The records of two runs beside each other."""
    both = _cells(a).merge(_cells(b), "outer", CELL, suffixes=("_a", "_b"), indicator="side")
    shared = both[both.side == "both"]
    differ = shared.value_a != shared.value_b
    other = shared.fingerprint_a != shared.fingerprint_b
    return Moves(
        equal=int((~differ).sum()),
        remade=int((~differ & other).sum()),
        differ=int(differ.sum()),
        moved=_moved(shared.assign(differs=differ)),
        only=_only(both[both.side != "both"]),
    )


def _cells(scores: pd.DataFrame) -> pd.DataFrame:
    """Parts of a map or a curve, which a slash in the metric's name tells, count as one metric."""
    names = scores.metric.str.partition("/")
    return scores.assign(metric=names[0] + names[1], part=names[2])[[*CELL, "value", "fingerprint"]]


def _moved(shared: pd.DataFrame) -> list[Move]:
    touched = shared[shared.groupby(GROUP)["differs"].transform("any")]
    if touched.empty:
        return []
    seeds = touched.groupby([*GROUP, "seed"], sort=False)[["value_a", "value_b"]].mean().reset_index()
    counts = touched.groupby(GROUP)["differs"].sum()
    found = [
        Move(
            *key,
            a=float(rows.value_a.mean()),
            b=float(rows.value_b.mean()),
            change=estimate((rows.value_b - rows.value_a).tolist()),
            cells=int(counts[key]),
        )
        for key, rows in seeds.groupby(GROUP)
    ]
    return sorted(found, key=lambda move: (-move.relative, *(getattr(move, name) for name in GROUP)))


def _only(rows: pd.DataFrame) -> list[dict[str, object]]:
    sides = {"left_only": "A", "right_only": "B"}
    return [
        {
            "run": sides[str(side)],
            "phase": phase,
            "dataset": dataset,
            "model": model,
            "records": len(group),
            "seeds": sorted(group.seed.unique().tolist()),
            "metrics": group.metric.nunique(),
            "shifts": sorted(group["shift"].unique()),
        }
        for (side, phase, dataset, model), group in rows.groupby(["side", "phase", "dataset", "model"], observed=True)
    ]
