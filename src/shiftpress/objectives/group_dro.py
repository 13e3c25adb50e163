"""Distributionally robust optimisation over the rotations: train at the angle where the codec does worst."""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from shiftpress.core.affine import Interpolation
from shiftpress.core.codecnet import CodecNet
from shiftpress.core.tensors import State
from shiftpress.objectives._angles import turned, worst_turned
from shiftpress.objectives.base import Objective, Step, held, mean_loss


class GroupDRO(Objective):
    """min over the codec, max over the angle of the mean loss of rotated images: the group shift of Lei et al. 2021.

    Groups are rotations, one angle for a whole batch (section 2.5). ``global`` searches the angle by differential
    evolution (Storn and Price 1997), ``random`` takes the worst of so many random angles. ``mixture`` is an extension
    that is not in the paper: so many fixed angles, weighted by exponentiated gradients of their losses (Sagawa et al.
    2020, section 2.11 of the dossier).
    """

    title = "rotation DRO"

    search: Literal["global", "random", "mixture"] = Field("random", description="how the worst angle is sought")
    angles: int = Field(8, ge=2, le=360, description="random angles, or angles of the mixture, or size of a generation")
    rate: float = Field(0.01, gt=0, le=1, description="step of the mixture's weights")
    interpolation: Interpolation = Field("nearest", description="how pixels are looked up; nearest in the paper")

    def memory(self) -> State:
        return {"weights": torch.full((self.angles,), 1 / self.angles, dtype=torch.float64)} if self.mixes else {}

    @property
    def mixes(self) -> bool:
        """Whether all angles are trained on, and not the worst alone."""
        return self.search == "mixture"

    def loss(self, net: CodecNet, images: Tensor, step: Step, memory: State) -> tuple[Tensor, Tensor]:
        if self.mixes:
            return self._mixed(net, images, memory)
        if self.search == "random":
            return mean_loss(net, worst_turned(net, images, self.angles, self.interpolation, step.random))
        with held(net), torch.no_grad():
            worst = self._searched(net, images, step)
        return mean_loss(net, self._turned(images, worst))

    def _turned(self, images: Tensor, degrees: float) -> Tensor:
        return turned(images, degrees, self.interpolation)

    def _risk(self, net: CodecNet, images: Tensor, degrees: float) -> float:
        return float(net.loss(self._turned(images, degrees))[0].mean())

    def _searched(self, net: CodecNet, images: Tensor, step: Step) -> float:
        from scipy.optimize import differential_evolution  # slow to import, and all plans of a study look at this kind

        seed = int(torch.randint(2**31, (), generator=step.random))
        found = differential_evolution(
            lambda x: -self._risk(net, images, float(x[0])),
            [(-180.0, 180.0)],
            popsize=self.angles,
            init="random",
            seed=seed,
            polish=False,
        )
        return float(found.x[0])

    def _mixed(self, net: CodecNet, images: Tensor, memory: State) -> tuple[Tensor, Tensor]:
        """Weights go up where the loss is high, then the weighted losses are descended."""
        pairs = [mean_loss(net, self._turned(images, 360 * k / self.angles - 180)) for k in range(self.angles)]
        losses = torch.stack([loss for loss, _ in pairs])
        weights = memory["weights"]
        # losses are relative to their mean, so that the step means the same for every image size
        relative = (losses / losses.mean()).detach().double().cpu()
        weights.mul_((self.rate * relative).exp()).div_(weights.sum().clone())
        return (weights.to(losses) * losses).sum(), torch.cat([bits for _, bits in pairs])
