"""Shot noise: the light comes in grains."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import Corruption

DRAWS = 65536
"""Values of a draw; a Poisson variate is looked up by its quantile."""


class ShotNoise(Corruption):
    """Poisson(c x) / c per value, x in [0, 1] (Hendrycks and Dietterich 2019).

    A variate is the quantile of its level's distribution at a draw of 16 bits: probabilities are exact to 1 in 65,536,
    and what is rarer never comes.
    """

    title = "shot noise"
    fidelity = "same operator, other random stream"
    table = {
        "cifar": (500, 250, 100, 75, 50),
        "imagenet": (60, 25, 12, 5, 3),
        "mnist": (60, 25, 12, 5, 3),
    }
    piece = 1 << 17

    def corrupt(self, levels: Tensor, constants: int, draws: Draws) -> Tensor:
        picks = draws.integers(*levels.shape[1:]).add_(levels.int().mul_(DRAWS))
        return _quantiles(constants, levels.device).index_select(0, picks.flatten()).view_as(levels).float()


@lru_cache(maxsize=5)
def _quantiles(photons: int, device: torch.device) -> Tensor:
    """What level and draw become, flat (256 * 65536,) uint8: 16 MiB, five at most."""
    from scipy.special import pdtr  # slow to import, and all plans of a study look at this kind

    mean = np.arange(256)[:, None] / 255 * photons
    counts = np.arange(photons + int(10 * photons**0.5) + 20)
    # how many of the draws fall at or below each count
    upto = np.rint(pdtr(counts, mean) * DRAWS).astype(np.int64)
    share = np.diff(upto, prepend=0)
    seen = np.trunc(np.clip(counts / photons, 0, 1) * 255).astype(np.uint8)
    rows = [np.repeat(seen, row) for row in share]
    return torch.from_numpy(np.concatenate(rows)).to(device)
