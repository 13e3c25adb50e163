"""What a claim is: typed, validated, written down before the records were made."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator

from shiftpress.core.explain import explain
from shiftpress.core.layers import Layers
from shiftpress.core.params import Section
from shiftpress.core.problems import InputError
from shiftpress.core.yamlfile import read_yaml

Known = Literal["read", "code", "data", "digitised", "second-hand", "reconstruction"]


class Reported(Section):
    """What the paper says about the size of the effect."""

    value: float | None = Field(None, description="in the unit of the effect")
    text: str = Field(description="the reported finding in our words")
    known: Known = Field(description="how the value is known to us")


class Arm(Section):
    """Records to average over, per seed: those of the matching model under these shifts at these severities."""

    model: str = Field(description="pattern with * for the names of a model; {1}, {2} repeat a matched name")
    shifts: list[str] = Field(min_length=1, description="names of shift entries")
    severities: list[float] | None = Field(None, description="none takes every severity but 0")


class Claim(Section):
    """One checkable statement of a paper."""

    statement: str = Field(description="the claim in our words")
    place: str = Field(description="where the paper makes it")
    phase: Literal["codecs", "cards"] = Field(description="whose records decide")
    metric: str = Field(description="metric of the records")
    effect: Literal["difference", "ratio"] = Field(description="how the arms are compared, per seed")
    unit: str = Field(description="of the effect, for tables")
    scale: float = Field(1.0, gt=0, description="the effect is multiplied by it; 100 gives percentage points")
    arm: Arm = Field(description="what the claim is about; a * makes one comparison per match, and all must hold")
    baseline: Arm = Field(description="what it is compared with, paired by dataset and seed")
    above: float = Field(description="the claim holds if the whole interval lies above this")
    min_seeds: int = Field(3, ge=3, description="fewer seeds give no verdict")
    reported: Reported = Field(description="what the paper found")


class Ledger(Section):
    """The claims of one paper."""

    paper: str = Field(description="authors and year")
    title: str = Field(description="title of the paper")
    claims: dict[str, Claim] = Field(min_length=1, description="claims by id")

    @field_validator("claims")
    @classmethod
    def _ids(cls, claims: dict[str, Claim]) -> dict[str, Claim]:
        wrong = [name for name in claims if not name.replace("-", "").isalnum()]
        if wrong:
            raise ValueError(f"claim ids are letters, digits and -, not {wrong}")
        return claims


def read_ledgers(files: list[str | Path]) -> list[Ledger]:
    """The claim files, checked. Raises InputError with the mistakes of all of them."""
    ledgers, problems = [], []
    for file in files:
        try:
            document = read_yaml(file)
            ledgers.append(Ledger.model_validate(document.data))
        except InputError as error:
            problems += error.problems
        except ValidationError as error:
            layers = Layers([document])
            problems += [layers.problem(place, text) for place, text in explain(error, Ledger)]
    if problems:
        raise InputError(problems)
    return ledgers
