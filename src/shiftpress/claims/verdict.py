"""From records to verdicts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from shiftpress.claims.comparison import MULTIPLICATIVE
from shiftpress.claims.model import Claim, Ledger
from shiftpress.claims.outcomes import Outcomes
from shiftpress.claims.parts import Judged, judged, two_sided, verdict
from shiftpress.claims.registered import Registration, Registry
from shiftpress.claims.results import INCONCLUSIVE, NOT_RUN, REFUTED, SUPPORTED, UNRELIABLE, Found, Part, Row
from shiftpress.claims.select import LOST, Scores
from shiftpress.core.statistics import holm

RANK = {NOT_RUN: 0, UNRELIABLE: 1, REFUTED: 2, INCONCLUSIVE: 3, SUPPORTED: 4}


@dataclass
class Case:
    """A claim on its way to a verdict."""

    id: str
    ledger: Ledger
    tier: str
    claim: Claim
    parts: list[Judged]
    registered: Registration | None = None
    holm_support: float = 1.0
    holm_against: float = 1.0

    @property
    def conditions(self) -> list[Judged]:
        """What the verdict depends on."""
        return [item for item in self.parts if not item.part.note]

    @property
    def hindrance(self) -> str | None:
        """Why there can be no verdict."""
        missing = dict.fromkeys(name for item in self.conditions for name in item.part.missing)
        if missing:
            elsewhere = not all(name.endswith(LOST) for name in missing)
            where = self._where("left out of this study, or never reached") if elsewhere else ""
            return f"no records of {', '.join(missing)}{where}"
        fewest = min(item.part.n for item in self.conditions)
        if fewest < self.claim.min_seeds:
            return f"{fewest} seeds, {self.claim.min_seeds} needed{self._where('')}"
        return None

    @property
    def doubt(self) -> str | None:
        """Why what was found can be no evidence, for or against."""
        names = dict.fromkeys(name for item in self.conditions for name in item.part.doubted)
        return f"an attack failed a sanity gate: {', '.join(names)}" if names else None

    def _where(self, here: str) -> str:
        """Which tier has what is lacking, or what is the matter if this one should."""
        if self.claim.tier is None:
            return "; no tier makes them yet"
        words = here if self.claim.tier == self.tier else f"the {self.claim.tier} tier runs it"
        return f"; {words}" if words else ""

    @property
    def support(self) -> float:
        """All conditions must hold, so the weakest decides and needs no correction (Berger 1982)."""
        return max(item.support for item in self.conditions)

    @property
    def against(self) -> float:
        """One failing condition refutes, so the strongest decides and is corrected for their number."""
        return min(1.0, len(self.conditions) * min(item.against for item in self.conditions))


def judge(
    ledgers: list[Ledger],
    scores: pd.DataFrame,
    tier: str,
    registry: Registry | None = None,
    outcomes: Outcomes | None = None,
) -> list[dict[str, Any]]:
    """One row per claim, in the order of the ledgers. The registry knows when claims were written down.

    Outcomes are what is known of each test image; without them intervals are over seeds only.
    """
    found, outcomes = Scores(scores), outcomes or Outcomes({})
    cases = [
        Case(name, ledger, tier, claim, _parts(claim, found, outcomes))
        for ledger in ledgers
        for name, claim in ledger.claims.items()
    ]
    for case in cases if registry else []:
        case.registered = registry.of(case.id, [item.models for item in case.conditions])
    _correct([case for case in cases if not case.hindrance and not case.doubt])
    return [_row(case).model_dump(mode="json") for case in cases]


def _parts(claim: Claim, scores: Scores, outcomes: Outcomes) -> list[Judged]:
    found = judged("", claim, claim.reported, scores, outcomes)
    for name, variation in claim.also.items():
        found += judged(name, claim.comparison(name), variation.reported, scores, outcomes)
    return found


def _correct(cases: list[Case]) -> None:
    """Holm's correction within each family of a paper, over the claims that can be tested in this run."""
    families: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        families.setdefault((case.ledger.paper, case.claim.family or case.id), []).append(case)
    for family in families.values():
        support, against = holm([case.support for case in family]), holm([case.against for case in family])
        for case, p_support, p_against in zip(family, support, against, strict=True):
            case.holm_support, case.holm_against = p_support, p_against


def _row(case: Case) -> Row:
    claim, weakest = case.claim, min(case.conditions, key=_strength).part
    found = weakest.model_dump(include=set(Found.model_fields))
    facts: dict[str, Any] = {
        "id": case.id,
        "paper": case.ledger.paper,
        "title": case.ledger.title,
        "tier": case.tier,
        "statement": claim.statement,
        "place": claim.place,
        "family": claim.family,
        "condition": weakest.name,
        "min_seeds": claim.min_seeds,
        "registered": case.registered,
        "reported": claim.reported,
        "parts": [item.part for item in case.parts],
    }
    if case.hindrance:
        found["p"] = None
        return Row(**found, **facts, verdict=NOT_RUN, reason=case.hindrance, p_holm=None)
    if case.doubt:
        found["p"] = None
        return Row(**found, **facts, verdict=UNRELIABLE, reason=case.doubt, p_holm=None)
    decided = verdict(case.holm_support, case.holm_against)
    if weakest.sides == 1:
        found["p"], p_holm = case.support, case.holm_support
    else:
        found["p"] = two_sided(case.support, case.against)
        p_holm = two_sided(case.holm_support, case.holm_against)
    reason = "; ".join([_reason(case, decided, weakest), *_alike(case)])
    return Row(**found, **facts, verdict=decided, reason=reason, p_holm=p_holm)


def _strength(item: Judged) -> tuple[int, float, float]:
    """Sorts the weakest evidence for the claim first: on its side, whether a sign is claimed or not."""
    part = item.part
    return (
        RANK[part.verdict or NOT_RUN],
        -(1.0 if item.support is None else item.support),
        float("-inf") if part.effect is None else part.effect,
    )


def _alike(case: Case) -> Iterator[str]:
    """Says so where two arms do not differ in any seed: they may be one network twice, which no test can tell."""
    same = {"difference": 0.0, "ratio": 1.0}
    parts = [item.part for item in case.conditions if set(item.part.values) == {same.get(item.part.kind)}]
    if parts:
        whole = "" if len(parts) == len(case.conditions) else f", in {len(parts)} of {len(case.conditions)} conditions"
        yield f"both arms gave the same numbers in every seed{whole}"


def _reason(case: Case, decided: str, weakest: Part) -> str:
    whole = "every condition" if len(case.conditions) > 1 else "the effect"
    if decided == SUPPORTED:
        return f"{whole} lies on the claimed side of its threshold"
    if decided == REFUTED:
        one = "a condition" if len(case.conditions) > 1 else "the effect"
        return f"{one} lies on the other side of its threshold (p = {case.holm_against:.2g} against the claim)"
    if verdict(case.support, case.against) != INCONCLUSIVE:
        return f"clear when taken alone, not after correction within the family {case.claim.family!r}"
    if weakest.verdict == REFUTED:
        against, count = min(item.against for item in case.conditions), len(case.conditions)
        return (
            f"a condition lies on the other side of its threshold (p = {against:.2g}), not after correction for {count}"
        )
    unseen = f"{weakest.mde:.3g} {weakest.unit}"
    if weakest.kind in MULTIPLICATIVE:
        unseen = f"{100 * (weakest.mde - 1):.3g} %"
    return f"an interval contains its threshold; {weakest.n} seeds could not have seen less than {unseen} from it"
