"""ATMC: adversarially trained model compression (Gui et al. 2019)."""

from typing import Literal

from pydantic import Field

from shiftpress.compressors._duplicate import Duplicate
from shiftpress.compressors._factored import Residual
from shiftpress.compressors.base import Adversarial, Form, Weights


class Atmc(Adversarial):
    """Every weight is U V + C; all matrices of all layers share one number of entries, and each may have few values.

    U or V, whichever is square, begins as the identity, so that the first network is the base network.
    """

    title = "ATMC"

    bits: Literal[1, 2, 3, 4, 5, 6, 7, 8, 32] = Field(
        32, description="each matrix has at most 2^bits values other than zero; 32: any"
    )
    identity: Literal["free", "counted"] = Field(
        "free", description="whether the identity is beside the square matrix, as in the paper's code, or in it"
    )
    least: int = Field(1, ge=0, le=1000, description="entries that every layer keeps at least")
    every: int = Field(10, ge=1, le=100_000, description="steps between two quantisations")
    rho: float = Field(0.01, gt=0, le=10, description="weight of the pull to the quantised duplicate, at first")

    @property
    def free(self) -> bool:
        return self.identity == "free"

    def begin(self, weights: Weights, ratio: float) -> Form:
        duplicate = None if self.bits == 32 else Duplicate(self.bits, self.every, self.rho)
        return Residual(weights, ratio, self.least, free=self.free, duplicate=duplicate)
