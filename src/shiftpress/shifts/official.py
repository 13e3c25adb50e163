"""Shifted images that others have published, beside those made here."""

from typing import Self

import torch
from pydantic import Field, model_validator

from shiftpress.core.component import Name
from shiftpress.core.splits import Split
from shiftpress.shifts.base import Others, Shift


class Official(Shift):
    """The arrays of CIFAR-10-C and its kind, image by image in place of the clean ones.

    Which implementation made corrupted images moves accuracies by many points, so records say where they came from.
    The datasets are entries of kinds like ``cifar10_c``, one per severity; their images stand in the order of the
    official test set, which the positions of ours refer to.
    """

    title = "official arrays"
    unit = "severity"
    source = "official"

    severities: list[float] = Field([1, 2, 3, 4, 5], min_length=1, max_length=5, description="severity of each dataset")
    datasets: list[Name] = Field(min_length=1, max_length=5, description="dataset entries, one per severity")

    @model_validator(mode="after")
    def _paired(self) -> Self:
        if len(self.severities) != len(self.datasets):
            raise ValueError("severities and datasets must be of one length")
        return self

    def needs(self) -> dict[str, list[str]]:
        return {"datasets": list(self.datasets)}

    def shift(self, test: Split, severity: float, seed: int, others: Others) -> Split:
        published = others.splits[self.datasets[self.severities.index(severity)]]
        row_of = torch.full((int(max(published.positions.max(), test.positions.max())) + 1,), -1)
        row_of[published.positions] = torch.arange(len(published))
        rows = row_of[test.positions]
        if (rows < 0).any() or not torch.equal(published.labels[rows], test.labels):
            raise ValueError("the published images are not those of this test set")
        return Split(published.images[rows], test.labels, test.ids, test.positions)
