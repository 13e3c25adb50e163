"""Empirical risk minimisation: the standard way to train, and the baseline of every robust one."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from shiftpress.objectives.base import Objective, distortion


class EmpiricalRisk(Objective):
    """Mean distortion over the training images (Lei et al. 2021, "standard" training)."""

    title = "ERM"

    def loss(self, net: Callable[[Tensor], Any], images: Tensor) -> Tensor:
        return distortion(images, net(images).images).mean()
