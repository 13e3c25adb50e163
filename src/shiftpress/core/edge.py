"""What the phase edge makes of classifiers, by name: how, and in which order."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from shiftpress.core.component import Component, Name

DENSE, TUNED, TAUGHT, UNTAUGHT, SPARSE = "dense", "tuned", "kd", "no_kd", "sparse"
WORDS = (DENSE, TUNED, TAUGHT, UNTAUGHT, SPARSE)
"""Methods that no entry stands for."""
FORM = "a filters entry or kd, + kd to tune the pruned network by its parent, + a quantizers entry"


class Edge(Component):
    """What the phase edge works on. No such protocol is published: every choice is ours.

    Its networks are called ``<classifier>/<method>/<percent>``, the last the share of the dense network's bits: that of
    the parameters, times bits of a weight through 32.
    """

    sizes: list[Name] = Field(
        [],
        max_length=20,
        description="classifiers of one family, small to large: large ones made small are compared with small ones",
    )
    students: list[Literal["kd", "no_kd"]] = Field(
        ["kd", "no_kd"],
        description="narrow members of the family, as large as pruned networks; no_kd is the control without a teacher",
    )
    tuned: bool = Field(
        True, description="whether dense networks are also tuned like pruned ones: the control of equal epochs"
    )
    sparse: bool = Field(
        False,
        description="whether single weights are removed as well, the smallest of all layers: as large in bits as "
        "pruned networks, with what it takes to say where weights stand",
    )
    combined: list[str] = Field(
        [], max_length=100, description=f"methods one after another, as in prune+kd+ptq8: {FORM}"
    )
    latency_repeats: int = Field(30, ge=3, le=10_000, description="runs whose median is the latency; one thread")


def named(edge: Edge, filters: list[str], quantizers: list[str]) -> list[str]:
    """Names of the methods, dense networks first and pruned ones before their students."""
    controls, sparse = [DENSE, *([TUNED] if edge.tuned else [])], [SPARSE] if edge.sparse else []
    return list(dict.fromkeys([*controls, *filters, *sparse, *edge.students, *quantizers, *edge.combined]))


@dataclass(frozen=True)
class Method:
    """``base`` is what there is before rounding: dense, tuned, kd, no_kd, sparse, or a filters entry."""

    name: str
    base: str
    taught: bool = False
    quantizer: str | None = None

    @classmethod
    def of(cls, name: str, filters: Collection[str], quantizers: Collection[str]) -> "Method":
        """The method of a name. Raises ValueError if it is not ``FORM``."""
        words = name.split("+")
        quantizer = words.pop() if words[-1] in quantizers else None
        base, *rest = words or [DENSE]
        # a file of whole numbers has no masks: the bits of what is removed would be stored all the same
        if base == SPARSE and quantizer:
            raise ValueError(f"{name!r} names no method: sparse networks are not rounded; write {FORM}")
        if base not in (*WORDS, *filters) or rest not in ([], [TAUGHT]) or (rest and base not in filters):
            raise ValueError(f"{name!r} names no method; write {FORM}")
        return cls(name, base, bool(rest) or base == TAUGHT, quantizer)

    @property
    def unrounded(self) -> "Method":
        """The same without rounding."""
        name = self.base + (f"+{TAUGHT}" if self.taught and self.base != TAUGHT else "")
        return Method(name, self.base, self.taught)

    @property
    def whole(self) -> bool:
        """Whether it keeps all parameters."""
        return self.base in (DENSE, TUNED)


def percent(share: float) -> str:
    """A share as it stands in names."""
    return f"{100 * share:.6g}"
