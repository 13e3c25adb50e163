"""Impulse noise: salt and pepper in each channel."""

import torch
from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import Corruption


class ImpulseNoise(Corruption):
    """A share c of the values, channels apart, becomes 0 or 255 with equal odds (Hendrycks and Dietterich 2019).

    Draws have 16 bits, so that the shares are exact to 1 in 65,536.
    """

    title = "impulse noise"
    fidelity = "same operator, other random stream"
    piece = 1 << 17
    table = {
        "cifar": (0.01, 0.02, 0.03, 0.05, 0.07),
        "imagenet": (0.03, 0.06, 0.09, 0.17, 0.27),
        "mnist": (0.03, 0.06, 0.09, 0.17, 0.27),
    }

    def corrupt(self, levels: Tensor, constants: float, draws: Draws) -> Tensor:
        picks = draws.integers(*levels.shape[1:])
        struck, salt = round(constants * 65536), round(constants * 32768)
        return torch.where(picks < struck, (picks < salt) * 255.0, levels)
