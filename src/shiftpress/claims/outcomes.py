"""What became of each test image: the effect of a comparison image by image, where its metric was kept so."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load

from shiftpress.claims.comparison import SUMS, Arm, Comparison
from shiftpress.claims.select import filled, placed
from shiftpress.core.statistics import slope
from shiftpress.core.storage import read_artefact

CLEAN = "clean"
Place = tuple[str, str, str, str, int]
"""Metric, phase, dataset, model, seed."""
Cell = tuple[str, float]
"""Shift and severity; severity 0 of what attacks is kept as ``clean`` for all of them."""
Found = Callable[[str], dict[Cell, np.ndarray]]
"""The cells of a model, each (images,)."""


class Outcomes:
    """Files of results image by image, by metric. A name in them is phase/dataset/seed/model/shift/severity."""

    def __init__(self, files: Mapping[str, Iterable[str | Path]]):
        self._found: dict[Place, dict[Cell, np.ndarray]] = {}
        for metric, paths in files.items():
            for path in paths:
                for name, array in load(read_artefact(path)).items():
                    self._keep(metric, name.split("/"), array)

    def _keep(self, metric: str, names: list[str], array: np.ndarray) -> None:
        phase, dataset, seed, *model = names
        if names[-1] == CLEAN:
            cell, model = (CLEAN, 0.0), model[:-1]
        elif len(model) > 2 and _is_number(model[-1]):
            cell, model = (model[-2], float(model[-1])), model[:-2]
        else:  # ids, labels, and parts of attacks
            return
        self._found.setdefault((metric, phase, dataset, "/".join(model), int(seed)), {})[cell] = array

    def of(self, comparison: Comparison, dataset: str, model: str, seeds: Iterable[int]) -> np.ndarray | None:
        """The effect (seeds, images) in its unit; none if it is no mean over images, or some of them were not kept."""
        arms = [arm for arm in (comparison.arm, comparison.baseline) if arm is not None]
        if comparison.effect not in SUMS or any(arm.over != "mean" for arm in arms):
            return None
        rows = [self._seed(comparison, dataset, model, seed) for seed in seeds]
        if not rows or any(row is None for row in rows) or len({len(row) for row in rows}) > 1:
            return None
        return np.stack(rows) * comparison.scale

    def _seed(self, comparison: Comparison, dataset: str, model: str, seed: int) -> np.ndarray | None:
        def found(name: str) -> dict[Cell, np.ndarray]:
            return self._found.get((comparison.metric, comparison.phase, dataset, name, seed), {})

        if comparison.effect != "slope":
            return _less(
                comparison, {}, lambda name: found(model if name == comparison.arm.model else filled(name, model))
            )
        points = []
        for x, at in comparison.along.items():
            there = {"severities": [at]} if comparison.by == "severity" else {}
            points.append(_less(comparison, there, lambda name, x=x, at=at: found(placed(name, x, at))))
        if any(point is None for point in points):
            return None
        weights = [slope(list(comparison.along.values()), unit) for unit in np.eye(len(points))]
        return np.array(weights) @ np.stack(points)


def _less(comparison: Comparison, changes: dict[str, Any], found: Found) -> np.ndarray | None:
    """The arm less the baseline, if there is one, (images,)."""
    arms = [arm.model_copy(update=changes) for arm in (comparison.arm, comparison.baseline) if arm is not None]
    given = [_mean(arm, found) for arm in arms]
    return None if any(one is None for one in given) else given[0] - sum(given[1:])


def _mean(arm: Arm, found: Found) -> np.ndarray | None:
    """Over an arm's models and cells, less the model that is taken off, (images,)."""
    models = [_cells(arm, found(name)) for name in (arm.model, *arm.pooled)]
    off = _cells(arm, found(arm.less)) if arm.less else 0.0
    return None if off is None or any(model is None for model in models) else np.mean(models, axis=0) - off


def _cells(arm: Arm, found: dict[Cell, np.ndarray]) -> np.ndarray | None:
    """Over the cells of one model; none if one is not there. All severities count but 0, or those that are named."""
    if arm.severities == "all":
        return None
    named = isinstance(arm.severities, list)
    wanted = []
    for shift in arm.shifts:
        own = arm.severities if named else [s for name, s in found if name == shift]
        wanted += [(shift, float(s)) if s else (CLEAN, 0.0) for s in own]
        if not own:
            return None
    return np.mean([found[cell].astype(float) for cell in wanted], axis=0) if set(wanted) <= found.keys() else None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
