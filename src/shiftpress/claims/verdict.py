"""From records to verdicts."""

import fnmatch
import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from shiftpress.claims.model import Arm, Claim, Ledger
from shiftpress.core.statistics import Estimate, estimate, geometric_estimate

SUPPORTED, REFUTED, INCONCLUSIVE, NOT_RUN = "SUPPORTED", "REFUTED", "INCONCLUSIVE", "NOT RUN"
TESTS = {
    "difference": "mean of paired differences over seeds, 95 % t interval",
    "ratio": "geometric mean of paired ratios over seeds, 95 % t interval of the logarithms",
}


def judge(ledgers: list[Ledger], scores: pd.DataFrame, tier: str) -> list[dict[str, Any]]:
    """One row per claim, in the order of the ledgers."""
    return [
        {"id": name, "paper": ledger.paper, "tier": tier, **_judge(claim, scores)}
        for ledger in ledgers
        for name, claim in ledger.claims.items()
    ]


def _judge(claim: Claim, scores: pd.DataFrame) -> dict[str, Any]:
    parts = [_part(claim, *pair) for pair in _pairs(claim, scores)]
    verdict, reason = _overall(claim, parts)
    weakest = min(parts, key=_margin, default=None)
    return {
        "statement": claim.statement,
        "place": claim.place,
        "verdict": verdict,
        "reason": reason,
        "effect": weakest and weakest["effect"],
        "interval": weakest and weakest["interval"],
        "n": weakest["n"] if weakest else 0,
        "unit": claim.unit,
        "above": claim.above,
        "test": TESTS[claim.effect],
        "reported": claim.reported.model_dump(),
        "parts": parts,
    }


def _pairs(claim: Claim, scores: pd.DataFrame) -> Iterator[tuple[str, str, pd.Series, pd.Series]]:
    """Dataset and model of every comparison, with the value per seed in both arms."""
    rows = scores[(scores.phase == claim.phase) & (scores.metric == claim.metric)]
    for (dataset, model), _ in rows.groupby(["dataset", "model"]):
        if fnmatch.fnmatchcase(model, claim.arm.model):
            here = rows[rows.dataset == dataset]
            arm = _per_seed(here[here.model == model], claim.arm)
            baseline = _per_seed(here[here.model == _filled(claim.baseline.model, model)], claim.baseline)
            yield dataset, model, arm, baseline


def _filled(pattern: str, model: str) -> str:
    """The pattern with {1}, {2}, ... replaced by the names the model is made of."""
    names = model.split("/")
    return re.sub(r"\{(\d)\}", lambda m: names[int(m[1]) - 1] if int(m[1]) <= len(names) else "", pattern)


def _per_seed(rows: pd.DataFrame, arm: Arm) -> pd.Series:
    rows = rows[rows["shift"].isin(arm.shifts)]
    rows = rows[rows.severity != 0] if arm.severities is None else rows[rows.severity.isin(arm.severities)]
    return rows.groupby("seed")["value"].mean()


def _part(claim: Claim, dataset: str, model: str, arm: pd.Series, baseline: pd.Series) -> dict[str, Any]:
    """One comparison, paired by seed."""
    seeds = sorted(set(arm.index) & set(baseline.index))
    found: Estimate | None = None
    if seeds and claim.effect == "difference":
        found = estimate(((arm[seeds] - baseline[seeds]) * claim.scale).tolist())
    elif seeds:
        found = geometric_estimate((arm[seeds] / baseline[seeds] * claim.scale).tolist())
    interval = None if found is None or found.low is None else [found.low, found.high]
    return {
        "dataset": dataset,
        "model": model,
        "effect": found and found.mean,
        "interval": interval,
        "n": len(seeds),
        "verdict": _verdict(claim, interval),
    }


def _verdict(claim: Claim, interval: list[float] | None) -> str:
    if interval is None:
        return NOT_RUN
    if interval[0] > claim.above:
        return SUPPORTED
    return REFUTED if interval[1] < claim.above else INCONCLUSIVE


def _overall(claim: Claim, parts: list[dict[str, Any]]) -> tuple[str, str]:
    """All comparisons must hold; one that is refuted refutes the claim."""
    if not parts:
        return NOT_RUN, f"no records of {claim.metric} for a model like {claim.arm.model}"
    fewest = min(part["n"] for part in parts)
    if fewest < claim.min_seeds:
        return NOT_RUN, f"{fewest} seeds, {claim.min_seeds} needed"
    found = {part["verdict"] for part in parts}
    if REFUTED in found:
        return REFUTED, "an interval lies wholly below the threshold"
    if found == {SUPPORTED}:
        return SUPPORTED, "every interval lies wholly above the threshold"
    return INCONCLUSIVE, "an interval contains the threshold"


def _margin(part: dict[str, Any]) -> float:
    """Sorts the weakest comparison first."""
    if part["effect"] is None:
        return float("-inf")
    return part["interval"][0] if part["interval"] else part["effect"]
