"""From the effects of a comparison to its p values, before any correction for other claims."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from shiftpress.claims.comparison import MULTIPLICATIVE, Comparison, Note, Reported
from shiftpress.claims.effects import Effects, effects
from shiftpress.claims.outcomes import Outcomes
from shiftpress.claims.results import INCONCLUSIVE, NOT_RUN, REFUTED, SUPPORTED, TESTS, UNRELIABLE, Part
from shiftpress.claims.select import Scores
from shiftpress.core.hierarchical import Crossed
from shiftpress.core.statistics import (
    LEVEL,
    MIN_SEEDS,
    Tails,
    detectable_effect,
    equivalence_tails,
    estimate,
    geometric_estimate,
    sign_flip_tails,
    student_tails,
)

TAILS = {"t": student_tails, "sign-flip": sign_flip_tails}
Test = Callable[[list[float], float], Tails]


@dataclass(frozen=True)
class Judged:
    """A part, and the one-sided p values for and against what is claimed of it; none if it cannot be tested.

    ``models`` are those it is computed from, each as phase, dataset and name.
    """

    part: Part
    support: float | None
    against: float | None
    models: list[tuple[str, str, str]] = field(default_factory=list)


def judged(
    name: str, comparison: Comparison, reported: Reported | None, scores: Scores, outcomes: Outcomes
) -> list[Judged]:
    """Every dataset and model of a comparison."""
    return [_judged(name, comparison, reported, found, outcomes) for found in effects(comparison, scores)]


def two_sided(support: float, against: float) -> float:
    """The p value without regard to the side."""
    return min(1.0, 2 * min(support, against))


def _judged(name: str, comparison: Comparison, reported: Reported | None, found: Effects, outcomes: Outcomes) -> Judged:
    values, bounds = found.values.tolist(), _bounds(comparison)
    models = [(comparison.phase, found.dataset, model) for model in found.models]
    crossed, both = _crossed(comparison, found, outcomes), comparison.interval == "hierarchical"
    lacking = [f"{comparison.metric} image by image"] if values and both and not crossed else []
    facts: dict[str, Any] = {
        "name": name,
        "dataset": found.dataset,
        "model": found.model,
        "note": isinstance(comparison, Note),
        "missing": found.missing + lacking,
        "doubted": found.doubted,
        "reported": reported,
        "effect": None,
        "interval": None,
        "hierarchical": crossed.interval() if crossed else None,
        "images": crossed.images if crossed else None,
        "n": len(values),
        "seeds": found.values.index.tolist(),
        "values": values,
        "test": f"{TESTS[comparison.effect]}, {TESTS['hierarchical' if both else comparison.test]}",
        "kind": comparison.effect,
        **{key: getattr(comparison, key) for key in ("unit", "above", "below", "within", "sides")},
        **dict.fromkeys(("p", "p_exact", "mde", "mde_with_two_more")),
        "verdict": NOT_RUN if bounds else None,
    }
    if values:
        of = (geometric_estimate if comparison.effect in MULTIPLICATIVE else estimate)(values)
        facts |= {"effect": of.mean, "interval": None if of.low is None else (of.low, of.high)}
    if both and crossed:
        facts["interval"] = facts["hierarchical"]
    if len(values) < MIN_SEEDS or not bounds or lacking:
        return Judged(Part(**facts), None, None, models)
    if found.doubted:  # the numbers are shown, and prove nothing
        return Judged(Part(**facts | {"verdict": UNRELIABLE}), None, None, models)
    test = (lambda _, bound: crossed.tails(bound)) if both else TAILS[comparison.test]
    support, against = _evidence(comparison, values, test)
    facts |= {
        "p": _shown(comparison, support, against),
        "p_exact": _shown(comparison, *_evidence(comparison, values, sign_flip_tails)),
        "mde": crossed.detectable() if both else _mde(comparison, values),
        "mde_with_two_more": crossed.detectable(more=2) if both else _mde(comparison, values, more=2),
        "verdict": verdict(support, against),
    }
    return Judged(Part(**facts), support, against, models)


def _crossed(comparison: Comparison, found: Effects, outcomes: Outcomes) -> Crossed | None:
    """Seeds and images together; none below three seeds, and if the images were not kept one by one."""
    if len(found.values) < MIN_SEEDS:
        return None
    values = outcomes.of(comparison, found.dataset, found.model, found.values.index)
    return None if values is None else Crossed.of(values)


def verdict(support: float, against: float) -> str:
    """Supported or refuted if the p value for or against keeps the level."""
    return SUPPORTED if support <= LEVEL else REFUTED if against <= LEVEL else INCONCLUSIVE


def _bounds(comparison: Comparison) -> bool:
    return any(bound is not None for bound in (comparison.above, comparison.below, comparison.within))


def _shown(comparison: Comparison, support: float, against: float) -> float:
    return support if comparison.sides == 1 else two_sided(support, against)


def _working(comparison: Comparison, values: list[float]) -> list[float]:
    """On the scale on which the effect adds up."""
    return np.log(values).tolist() if comparison.effect in MULTIPLICATIVE else values


def _evidence(comparison: Comparison, values: list[float], test: Test) -> tuple[float, float]:
    """One-sided p values for and against."""
    scaled = _working(comparison, values)

    def tails(bound: float) -> Tails:
        return test(scaled, _working(comparison, [bound])[0])

    if comparison.above is not None:
        return tails(comparison.above).greater, tails(comparison.above).less
    if comparison.below is not None:
        return tails(comparison.below).less, tails(comparison.below).greater
    low, high = _working(comparison, comparison.within)
    return equivalence_tails(scaled, low, high, test)


def _mde(comparison: Comparison, values: list[float], more: int = 0) -> float:
    distance = detectable_effect(_working(comparison, values), more=more)
    return float(np.exp(distance)) if comparison.effect in MULTIPLICATIVE else distance
