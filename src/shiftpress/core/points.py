"""Where a quantised network rounds what flows through it, and to how many bits."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shiftpress.core.steps import WEIGHTED, Step, consumers

FLOAT = 32
"""Bits of activations that are not rounded."""
ENDS = 8
"""Bits of the first and the last layer where they are kept apart."""
PASSED = ("max", "flatten")
"""Steps of rounded numbers that give rounded numbers again."""

Ends = Literal["eight", "same"]


class Scheme(BaseModel):
    """How many bits weights and activations have, and whether the first and the last layer have at least eight."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    weight_bits: int = Field(ge=2, le=8)
    activation_bits: Literal[2, 3, 4, 5, 6, 7, 8, 32]
    ends: Ends

    def weights(self, steps: Sequence[Step]) -> dict[str, int]:
        """Bits of the weights of each step that has some, in order."""
        names = [step.name for step in steps if step.op in WEIGHTED]
        least = ENDS if self.ends == "eight" else 0
        return {name: max(self.weight_bits, least * (name in (names[0], names[-1]))) for name in names}

    def points(self, steps: Sequence[Step]) -> dict[str, int]:
        """Bits of the results that are rounded, by step, in order: none if activations are not."""
        if self.activation_bits == FLOAT:
            return {}
        ends = _before_ends(steps) if self.ends == "eight" else set()
        rounded = [step.name for step in steps if _rounded(steps, step)]
        return {name: max(self.activation_bits, ENDS * (name in ends)) for name in rounded}


def absorbed(steps: Sequence[Step]) -> dict[str, str]:
    """By the name of a sum, the convolution into whose wide accumulator the other term is added.

    It is the one that is computed last; kernels add before they round, so that rounding its result would cost accuracy
    and time.
    """
    place = {step.name: number for number, step in enumerate(steps)}
    convs = {s.name for s in steps if s.op == "conv" and not s.relu and len(consumers(steps, s.name)) == 1}
    both = {step.name: [name for name in step.inputs if name in convs] for step in steps if step.op == "add"}
    return {name: max(inside, key=place.__getitem__) for name, inside in both.items() if inside}


def _rounded(steps: Sequence[Step], step: Step) -> bool:
    """Whether somebody needs the result in few bits; a scale and a shift for each channel are computed in float32."""
    if step.op in PASSED or step.name in absorbed(steps).values():
        return False
    return any(taken.op != "affine" for taken in _takers(steps, step.name))


def _takers(steps: Sequence[Step], name: str) -> list[Step]:
    """Those who take a result, also behind pools."""
    found = []
    for step in consumers(steps, name):
        found += _takers(steps, step.name) if step.op in PASSED else [step]
    return found


def _before_ends(steps: Sequence[Step]) -> set[str]:
    """The results that the first and the last layer take."""
    weighted, named = [step for step in steps if step.op in WEIGHTED], {step.name: step for step in steps}
    found = set()
    for end in (weighted[0], weighted[-1]):
        name = end.inputs[0]
        while name in named and named[name].op in PASSED:
            name = named[name].inputs[0]
        found.add(name)
    return found
