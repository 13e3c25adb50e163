"""What a claim compares: arms of records, an effect per seed, a threshold."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from shiftpress.core.params import Section

Known = Literal["read", "code", "data", "digitised", "second-hand", "reconstruction"]
Effect = Literal["difference", "ratio", "trend", "slope", "crossing", "value"]
Severities = Literal["all", "shifted"] | Annotated[list[float], Field(min_length=1)]
THRESHOLDS = ("above", "below", "within")
MULTIPLICATIVE = ("ratio", "trend")
"""Effects judged on the logarithm: a factor, and a factor per step."""
ALONG = ("trend", "slope")
"""Effects that go along several models or severities: by a factor per step, and by an amount per step."""
SUMS = ("difference", "value", "slope")
"""Effects that are sums of what the arms give, so that they are means over images where the metric is."""


class Reported(Section):
    """What the paper says about the size of the effect."""

    value: float | None = Field(None, description="in the unit of the effect")
    text: str = Field(description="the reported finding in our words")
    known: Known = Field(description="how the value is known to us")


class Arm(Section):
    """Records that become one number per seed: those of a model under these shifts at these severities."""

    model: str = Field(description="name of a model; * stands for any part, {1} and {2} repeat a matched name")
    pooled: list[str] = Field([], description="further models; the mean over all of them counts, seed by seed")
    less: str | None = Field(None, description="a model whose number is taken off, seed by seed")
    shifts: list[str] = Field(min_length=1, description="names of shift entries")
    severities: Severities = Field("shifted", description="a list, all, or shifted: every severity but 0")
    over: Literal["mean", "max", "sd", "p99"] = Field("mean", description="how severities become one number")


class Comparison(Section):
    """One effect per seed, and the side of a threshold on which its mean is claimed to lie."""

    phase: Literal["codecs", "cards", "decks", "atmc", "edge"] = Field(description="whose records decide")
    dataset: str = Field("*", description="pattern with * for the datasets meant; it must hold on each")
    metric: str = Field(description="metric of the records")
    effect: Effect = Field(description="how the arms are compared, per seed")
    unit: str = Field(description="of the effect, for tables")
    scale: float = Field(1.0, gt=0, description="the effect is multiplied by it; 100 gives percentage points")
    arm: Arm = Field(description="what the claim is about; a * makes one comparison per match, and all must hold")
    apart: list[str] = Field([], description="models like these are in no match: only arms that name them have them")
    baseline: Arm | None = Field(None, description="what it is compared with, paired by dataset and seed")
    along: dict[str, float] = Field({}, description="of a trend or slope: the names for {x}, positions for {at}")
    by: Literal["model", "severity"] = Field(
        "model", description="whether a trend or slope goes along models, or along severities at those positions"
    )
    above: float | None = Field(None, description="the claim holds if the effect lies above this")
    below: float | None = Field(None, description="the claim holds if the effect lies below this")
    within: Annotated[list[float], Field(min_length=2, max_length=2)] | None = Field(
        None, description="the claim holds if the effect lies between these two: equivalence"
    )
    sides: Literal[1, 2] = Field(1, description="2 if the paper leaves the sign open, or is doubted on it")
    test: Literal["t", "sign-flip"] = Field("t", description="Student's t, or the exact sign-flip permutation test")
    interval: Literal["t", "hierarchical"] = Field(
        "t",
        description="that decides: over seeds, or over seeds and test images of a metric that is kept of each image",
    )

    @model_validator(mode="after")
    def _whole(self) -> "Comparison":
        given = [name for name in THRESHOLDS if getattr(self, name) is not None]
        if len(given) > 1 or not (given or isinstance(self, Note)):
            raise ValueError("needs exactly one of above, below and within")
        if self.within and not self.within[0] < self.within[1]:
            raise ValueError("within is a lower and then an upper bound")
        if self.within and self.sides == 2:
            raise ValueError("within has two one-sided tests of its own: sides stays 1")
        bounds = self.within or [b for b in (self.above, self.below) if b is not None]
        if self.effect in MULTIPLICATIVE and min(bounds, default=1.0) <= 0:
            raise ValueError(f"a {self.effect} is a factor: its threshold is above 0, and 1 is no effect")
        if (self.effect in ALONG) != (len(self.along) >= 3):
            raise ValueError("a trend or slope, and nothing else, goes along three models or severities, or more")
        if self.by == "severity" and self.effect not in ALONG:
            raise ValueError(f"a {self.effect} does not go along anything: leave by out")
        if self.effect not in (*ALONG, "value") and self.baseline is None:
            raise ValueError(f"a {self.effect} needs a baseline")
        if self.effect == "value" and self.baseline is not None:
            raise ValueError("a value stands alone: no baseline")
        if self.interval == "hierarchical" and (self.effect not in SUMS or self.test != "t"):
            raise ValueError("a hierarchical interval is for a difference, value or slope, and its own t test")
        return self


class Note(Comparison):
    """A comparison that is shown beside a claim and decides nothing."""


class Variation(Section):
    """A further comparison. What it does not give is taken from the claim."""

    note: bool = Field(False, description="true: shown, but the claim does not depend on it")
    reported: Reported | None = Field(None, description="what the paper found here")
    shifts: list[str] | None = Field(None, min_length=1, description="replaces the shifts of both arms")
    severities: Severities | None = Field(None, description="replaces the severities of both arms")
    over: Literal["mean", "max", "sd", "p99"] | None = Field(None, description="replaces that of both arms")
    metric: str | None = Field(None, description="as in the claim")
    effect: Effect | None = Field(None, description="as in the claim")
    unit: str | None = Field(None, description="as in the claim")
    arm: Arm | None = Field(None, description="as in the claim")
    baseline: Arm | None = Field(None, description="as in the claim")
    along: dict[str, float] | None = Field(None, description="as in the claim")
    above: float | None = Field(None, description="as in the claim")
    below: float | None = Field(None, description="as in the claim")
    within: list[float] | None = Field(None, description="as in the claim")
    sides: Literal[1, 2] | None = Field(None, description="as in the claim")

    def applied(self, to: dict[str, Any]) -> Comparison:
        """The comparison that the claim's own becomes. Raises ValidationError if the two do not go together."""
        own = self.model_dump(exclude_unset=True, exclude={"note", "reported"})
        arms = {key: own.pop(key) for key in ("shifts", "severities", "over") if key in own}
        kept = {k: v for k, v in to.items() if k not in THRESHOLDS} if {*THRESHOLDS, "effect"} & set(own) else to
        if "effect" in own and own["effect"] not in ALONG:
            kept = {key: value for key, value in kept.items() if key not in ("along", "by")}
        if own.get("effect") == "value":
            kept.pop("baseline", None)
        whole = kept | own
        for side in ("arm", "baseline"):
            if whole.get(side):
                whole[side] = whole[side] | arms
        return (Note if self.note else Comparison).model_validate(whole)
