"""The gate that is trained."""

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from shiftpress.core.diverged import finite
from shiftpress.core.problems import InputError
from shiftpress.core.tensors import State
from shiftpress.gates._spectra import Feature, spectra
from shiftpress.gates.base import BatchGate, Seen, hardest


class Learned(BatchGate):
    """Tells from the spectrum with which augmentation an image was made; ours, an extension.

    Multinomial logistic regression on augmented training images alone, over standardised features. A batch gets the
    mean of the probabilities of its images.
    """

    title = "adaptive, learned"

    feature: Feature = Field("radial", description="the whole plane, means over rings, or the outer rings alone")
    penalty: float = Field(1e-3, gt=0, le=100, description="of the sum of the squared weights, against overfitting")
    steps: int = Field(50, ge=1, le=10_000, description="of L-BFGS")
    soft: bool = Field(False, description="weights are the probabilities; else the likeliest augmentation alone")

    def look(self, images: Tensor) -> Tensor:
        return spectra(images, self.feature)

    def learn(self, bank: Mapping[str, Tensor]) -> State:
        rows = [spectra(images, self.feature).double() for images in bank.values()]
        inputs = torch.cat(rows)
        truth = torch.cat([torch.full((len(own),), place) for place, own in enumerate(rows)]).to(inputs.device)
        mean, scale = inputs.mean(0), inputs.std(0).clamp_min(1e-6)
        inputs = (inputs - mean) / scale
        # convex, so that zeros are as good a start as any and nothing is drawn
        weight = torch.zeros(len(bank), inputs.shape[1], dtype=torch.float64, device=inputs.device, requires_grad=True)
        bias = torch.zeros(len(bank), dtype=torch.float64, device=inputs.device, requires_grad=True)
        solver = torch.optim.LBFGS([weight, bias], max_iter=self.steps, line_search_fn="strong_wolfe")

        def loss() -> Tensor:
            solver.zero_grad()
            value = F.cross_entropy(inputs @ weight.T + bias, truth) + self.penalty * weight.square().sum()
            value.backward()
            return value

        solver.step(loss)
        if not finite(weight, bias):
            raise InputError("The learned gate met no finite numbers: look at the augmented training images")
        slopes = weight.detach() / scale
        offsets = bias.detach() - slopes @ mean
        return {name: torch.cat([slopes[k], offsets[k : k + 1]])[None] for k, name in enumerate(bank)}

    def weights(self, seen: Seen, kept: State) -> Tensor:
        shares = self._shares(seen, kept)
        return seen.over_members(seen.spread(shares if self.soft else hardest(shares))).float()

    def softly(self, seen: Seen, kept: State) -> Tensor:
        return seen.over_members(seen.spread(self._shares(seen, kept))).float()

    def _shares(self, seen: Seen, kept: State) -> Tensor:
        """How likely each augmentation is for each batch, (batches, groups)."""
        whole = torch.cat([kept[name] for name in seen.names])
        scores = seen.features.double() @ whole[:, :-1].T + whole[:, -1]
        return seen.means(scores.softmax(1))
