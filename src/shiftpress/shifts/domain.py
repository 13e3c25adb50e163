"""Another dataset's test images, with the same classes: training in one domain, use in another."""

from typing import Literal

from pydantic import Field

from shiftpress.core.component import Name
from shiftpress.core.splits import Split
from shiftpress.shifts.base import Others, Shift


class Domain(Shift):
    """The test set is replaced by that of another dataset.

    Domain pairs of Shen et al. 2024's kind: MNIST to USPS or UCI digits, one Office-31 domain to another. Both datasets
    must have the same image shape and the same classes in the same order.
    """

    title = "another domain"
    unit = ""

    severities: list[Literal[0, 1]] = Field([1], min_length=1, max_length=2, description="1 is the other domain")
    dataset: Name = Field(description="name of the dataset entry whose test images are taken")

    def needs(self) -> dict[str, list[str]]:
        return {"datasets": [self.dataset]}

    def shift(self, test: Split, severity: float, seed: int, others: Others) -> Split:
        return others.splits[self.dataset] if severity else test
