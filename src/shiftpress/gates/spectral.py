"""The gate that compares spectra."""

from collections.abc import Mapping
from typing import Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor

from shiftpress.core.tensors import State
from shiftpress.gates._spectra import Distance, Feature, distances, half_planes, spectra, whole
from shiftpress.gates.base import BatchGate, Seen, hardest


class Spectral(BatchGate):
    """The augmentations whose training images have the spectrum nearest to that of the test images.

    A reconstruction (R1 of our notes): that the paper's gate goes by spectral similarity is known, its formula is not.
    The reference is the mean of log-amplitudes over augmented training images; logarithms, and noise on half of the
    images that stand for Gaussian noise, route best of what we know.
    """

    title = "adaptive, spectral"

    feature: Feature = Field("log_amplitude", description="the whole plane, means over rings, or the outer rings alone")
    distance: Distance = Field("l2", description="between two spectra: L2, cosine, or KL of normalised power")
    statistic: Literal["mean", "vote", "knn"] = Field(
        "mean",
        description="of a batch: its mean spectrum, the nearest reference of each image, or neighbours of each",
    )
    neighbours: int = Field(50, ge=1, le=10_000, description="of the training images, for statistic knn")
    nearest: int = Field(1, ge=1, le=100, description="how many augmentations are kept")
    temperature: float | None = Field(
        None, gt=0, le=1000, description="weights are the softmax of scores over it; none: those kept count alike"
    )

    @model_validator(mode="after")
    def _choosing(self) -> "Spectral":
        if self.temperature is not None and self.nearest == 1:
            raise ValueError("a temperature weighs several augmentations: raise nearest")
        return self

    def look(self, images: Tensor) -> Tensor:
        # the mean of a batch is taken before it is mirrored
        return half_planes(images) if self.feature == "log_amplitude" else spectra(images, self.feature)

    def learn(self, bank: Mapping[str, Tensor]) -> State:
        found = {name: spectra(images, self.feature) for name, images in bank.items()}
        if self.statistic == "knn":
            return found
        return {name: rows.mean(0, keepdim=True) for name, rows in found.items()}

    def weights(self, seen: Seen, kept: State) -> Tensor:
        scores = self._scores(seen, [kept[name] for name in seen.names])
        if self.temperature is None:
            shares = hardest(scores, self.nearest)
        else:
            chosen = hardest(scores, self.nearest) > 0
            shares = (scores / self.temperature).masked_fill(~chosen, -torch.inf).softmax(1)
        return seen.over_members(seen.spread(shares)).float()

    def softly(self, seen: Seen, kept: State) -> Tensor:
        """Softmax of the nearness to each group's mean spectrum, in units of a tenth of the distance that is left."""
        references = torch.cat([kept[name].mean(0, keepdim=True) for name in seen.names])
        apart = self._apart(seen.means(seen.features), references)
        unit = 0.1 * apart.detach().mean(1, keepdim=True).clamp_min(1e-12)
        return seen.over_members(seen.spread((-apart / unit).softmax(1))).float()

    def _scores(self, seen: Seen, references: list[Tensor]) -> Tensor:
        """How near each group is to each batch, (batches, groups); larger is nearer."""
        if self.statistic == "mean":
            return -self._apart(seen.means(seen.features), torch.cat(references))
        apart = self._apart(seen.features, torch.cat(references))
        if self.statistic == "vote":
            return seen.means(hardest(-apart))
        owner = torch.cat([torch.full((len(rows),), place) for place, rows in enumerate(references)]).to(apart.device)
        near = owner[apart.topk(min(self.neighbours, apart.shape[1]), dim=1, largest=False).indices]
        return seen.means(torch.nn.functional.one_hot(near, len(references)).double().mean(1))

    def _apart(self, rows: Tensor, references: Tensor) -> Tensor:
        """Of what was looked at, (N, ...), to references (R, D): distances (N, R)."""
        rows = whole(rows, references.shape[1] // rows.shape[1]) if rows.dim() == 3 else rows
        return distances(rows, references, self.distance)
