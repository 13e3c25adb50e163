"""What claims.json holds: one row per claim, with a row for each of its comparisons."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from shiftpress.claims.comparison import Effect, Reported
from shiftpress.claims.registered import Registration

SUPPORTED, REFUTED, INCONCLUSIVE, NOT_RUN = "SUPPORTED", "REFUTED", "INCONCLUSIVE", "NOT RUN"
UNRELIABLE = "UNRELIABLE"
Verdict = Literal["SUPPORTED", "REFUTED", "INCONCLUSIVE", "UNRELIABLE", "NOT RUN"]
Interval = tuple[float, float] | None
TESTS = {
    "difference": "mean of paired differences over seeds",
    "ratio": "geometric mean of paired ratios over seeds",
    "value": "mean over seeds",
    "slope": "mean over seeds of the slope of a line of least squares",
    "trend": "geometric mean over seeds of the factor per step, from a line through the logarithms",
    "crossing": "mean over seeds of the interpolated crossing point",
    "t": "Student's t",
    "sign-flip": "exact sign-flip permutation",
    "hierarchical": "t over seeds and test images",
}


class Found(BaseModel):
    """What a comparison found, and what decided on it."""

    model_config = ConfigDict(extra="forbid")
    effect: float | None = Field(description="mean over seeds; none if there are no records")
    interval: Interval = Field(
        description="95 % interval that decides, over seeds if the test is; none below three seeds"
    )
    hierarchical: Interval = Field(
        description="95 % interval over seeds and test images; none if the metric is not kept image by image"
    )
    images: int | None = Field(description="test images of that interval")
    n: int = Field(ge=0, description="seeds")
    unit: str = Field(description="of effect and interval")
    kind: Effect = Field(description="how the arms were compared; ratio and trend are factors, 1 is no effect")
    above: float | None = Field(description="claimed to lie above this")
    below: float | None = Field(description="claimed to lie below this")
    within: tuple[float, float] | None = Field(description="claimed to lie between these")
    sides: Literal[1, 2] = Field(description="of the test")
    test: str = Field(description="statistic and test in words")
    p: float | None = Field(description="of the test; one-sided ones have level 0.025, two-sided ones 0.05")
    p_exact: float | None = Field(description="of the exact sign-flip permutation test, as a check")
    mde: float | None = Field(
        description="distance from the threshold seen with 80 % power at the observed spread; a factor for factors"
    )
    mde_with_two_more: float | None = Field(description="the same if there were two more seeds of the same spread")


class Part(Found):
    """One comparison of a claim, on one dataset, for one model."""

    name: str = Field(description="of the comparison; empty for the claim's own")
    dataset: str = Field(description="dataset entry")
    model: str = Field(description="the model that is compared")
    note: bool = Field(description="shown only; the verdict on the claim does not depend on it")
    verdict: Verdict | None = Field(description="of this comparison alone; none if it has no threshold")
    seeds: list[int] = Field(description="in the order of values")
    values: list[float] = Field(description="the effect of each seed")
    missing: list[str] = Field(description="the records that were not there")
    doubted: list[str] = Field(description="those whose attacks failed a sanity gate, with the gates")
    reported: Reported | None = Field(description="what the paper found")


class Row(Found):
    """The verdict on a claim. What was found is that of the comparison with the weakest evidence."""

    id: str = Field(description="of the claim")
    paper: str = Field(description="authors and year")
    title: str = Field(description="of the paper")
    tier: str = Field(description="of the run")
    statement: str = Field(description="the claim in our words")
    place: str = Field(description="where the paper makes it")
    verdict: Verdict = Field(description="after correction for the other claims of the family")
    reason: str = Field(description="in words")
    family: str | None = Field(description="claims corrected together")
    condition: str = Field(description="name of the comparison with the weakest evidence; empty for the claim's own")
    p_holm: float | None = Field(description="p after Holm's correction within the family")
    min_seeds: int = Field(ge=3, description="fewer give no verdict")
    registered: Registration | None = Field(description="when the claim was written down; none if nobody looked")
    reported: Reported = Field(description="what the paper found")
    parts: list[Part] = Field(description="all comparisons")


def schema() -> dict[str, Any]:
    """JSON Schema of claims.json."""
    found = TypeAdapter(list[Row]).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Shiftpress claims", **found}
