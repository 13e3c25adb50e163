"""What a claim is: typed, validated, written down before the records were made."""

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator

from shiftpress.claims.comparison import Comparison, Reported, Variation
from shiftpress.core.explain import explain
from shiftpress.core.layers import Layers
from shiftpress.core.params import Section
from shiftpress.core.problems import InputError
from shiftpress.core.yamlfile import read_yaml


class Claim(Comparison):
    """One checkable statement of a paper. Its own comparison and those under ``also`` must all hold."""

    statement: str = Field(description="the claim in our words")
    place: str = Field(description="where the paper makes it")
    family: str | None = Field(None, description="claims of one family share their chance of a false verdict (Holm)")
    tier: str | None = Field("laptop", description="smallest tier that makes its records; none if no tier does yet")
    min_seeds: int = Field(3, ge=3, description="fewer seeds give no verdict")
    reported: Reported = Field(description="what the paper found")
    also: dict[str, Variation] = Field({}, description="further comparisons by name, conditions or notes")

    @model_validator(mode="after")
    def _also_whole(self) -> "Claim":
        for name in self.also:
            try:
                self.comparison(name)
            except ValidationError as error:
                said = "; ".join(item["msg"].removeprefix("Value error, ") for item in error.errors())
                raise ValueError(f"also {name!r}: {said}") from None
        return self

    def comparison(self, name: str) -> Comparison:
        """One of its further comparisons."""
        own = self.model_dump(include=set(Comparison.model_fields), exclude_unset=True)
        return self.also[name].applied(own)


class Ledger(Section):
    """The claims of one paper."""

    paper: str = Field(description="authors and year")
    title: str = Field(description="title of the paper")
    groups: dict[str, list[str]] = Field({}, description="shifts that arms name together, by a name of their own")
    apart: list[str] = Field([], description="models that no * of its claims stands for: controls of one claim alone")
    claims: dict[str, Claim] = Field(min_length=1, description="claims by id")

    @model_validator(mode="before")
    @classmethod
    def _spelled_out(cls, data: Any) -> Any:
        """Groups in lists of shifts replaced by their members wherever such a list stands; ``apart`` in every claim."""
        if isinstance(data, dict) and isinstance(data.get("groups"), dict):
            data = data | {"claims": _ungrouped(data.get("claims"), data["groups"])}
        if isinstance(data, dict) and data.get("apart") and isinstance(data.get("claims"), dict):
            own = {"apart": data["apart"]}
            claims = {name: own | claim if isinstance(claim, dict) else claim for name, claim in data["claims"].items()}
            data = data | {"claims": claims}
        return data

    @field_validator("claims")
    @classmethod
    def _ids(cls, claims: dict[str, Claim]) -> dict[str, Claim]:
        wrong = [name for name in claims if not name.replace("-", "").isalnum()]
        if wrong:
            raise ValueError(f"claim ids are letters, digits and -, not {wrong}")
        return claims


def _ungrouped(data: Any, groups: dict[str, Any]) -> Any:
    if not isinstance(data, dict):
        return data
    found = {key: _ungrouped(value, groups) for key, value in data.items()}
    if isinstance(shifts := found.get("shifts"), list):
        members = [groups.get(name, [name]) if isinstance(name, str) else [name] for name in shifts]
        found["shifts"] = [name for part in members if isinstance(part, list) for name in part]
    return found


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
