"""Several shifts, one after the other."""

from pydantic import Field

from shiftpress.core.component import Name
from shiftpress.core.seeds import seed_for
from shiftpress.core.splits import Split
from shiftpress.shifts.base import Others, Shift


class Composition(Shift):
    """The named shifts in their order, each at the severity of the composition.

    Severities must mean something to all of them: corruptions share the scale from 1 to 5.
    """

    title = "composition"
    unit = "severity"

    severities: list[float] = Field([1, 3, 5], min_length=1, max_length=1000, description="severities of every part")
    then: list[Name] = Field(min_length=2, max_length=10, description="names of shift entries, first to last")

    def needs(self) -> dict[str, list[str]]:
        return {"shifts": list(self.then)}

    def shift(self, test: Split, severity: float, seed: int, others: Others) -> Split:
        for position, name in enumerate(self.then):
            test = others.shifts[name].shift(test, severity, seed_for(seed, position, name), others)
        return test
