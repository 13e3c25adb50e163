"""The inner maximisation over a Wasserstein ball, for the objectives that train on worst images."""

import torch
from pydantic import Field
from torch import Tensor

from shiftpress.core.ascent import ascend, transport_cost
from shiftpress.core.codecnet import CodecNet
from shiftpress.core.tensors import State
from shiftpress.objectives.base import Objective, held

GAMMAS = (0.05, 50.0)
"""Bounds of gamma in the dual ascent; beyond them images run to black and white, or do not move."""


class WorstImages(Objective):
    """Moves images to argmax over x' of loss(x') - gamma |x' - x|^2 (Lei et al. 2021, section 2.2).

    The inner maximisation sees the codec in evaluation mode. With a ``radius``, gamma is found by dual ascent (our
    reconstruction of the paper's unpublished annealing, section 2.3): after each batch it is multiplied by
    exp(rate (r - radius) / radius), r being the mean squared distance the batch was moved by. Memory holds gamma and a
    running mean of r.
    """

    gamma: float = Field(
        1.0, ge=GAMMAS[0], le=GAMMAS[1], description="price of moving an image; where it starts if radius is given"
    )
    radius: float | None = Field(
        None, gt=0, le=1e6, description="rho, mean squared distance to train for; none fixes gamma"
    )
    rate: float = Field(0.03, gt=0, le=1, description="step of the dual ascent on gamma")
    steps: int = Field(15, ge=1, le=1000, description="steps of the inner ascent; 15 in the paper")

    def memory(self) -> State:
        return {"gamma": torch.tensor(self.gamma, dtype=torch.float64), "radius": torch.zeros((), dtype=torch.float64)}

    def worst(self, net: CodecNet, images: Tensor, memory: State, stage: str) -> Tensor:
        """The images moved to where the codec does worst; counts in memory how far."""
        with held(net):
            moved = ascend(images, lambda x: net.loss(x, stage)[0], float(memory["gamma"]), self.steps)
        reached = transport_cost(moved, images).mean().double().cpu()
        memory["radius"].lerp_(reached, 0.05 if memory["radius"] else 1.0)
        if self.radius is not None:
            pull = self.rate * (float(reached) - self.radius) / self.radius
            memory["gamma"].mul_(torch.tensor(pull).clamp(-1, 1).double().exp()).clamp_(*GAMMAS)
        return moved
