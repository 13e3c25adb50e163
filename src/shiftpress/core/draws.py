"""Random numbers that belong to an image, not to a call.

A shifted image must not depend on the batch it was made in. A generator hands out numbers in the order of the calls;
here every number is a hash of (seed, image id, stream, position), so that batch size, order, subset, thread count and
device change nothing. Uniform 16-bit numbers are exact integers, and normal variates are looked up in a table of
65,536 quantiles (largest absolute value 4.33): no floating-point function is evaluated, so every device agrees to the
last bit.
"""

from functools import cache

import numpy as np
import torch
from torch import Tensor

_LEVELS = 1 << 16
_GOLDEN = -7046029254386353131  # 0x9E3779B97F4A7C15 as a signed 64-bit integer
_MIX1 = -4658895280553007687  # 0xBF58476D1CE4E5B9
_MIX2 = -7723592293110705685  # 0x94D049BB133111EB


@cache
def _normal_quantiles() -> Tensor:
    from scipy.special import ndtri  # slow to import, and all plans of a study look at this module

    middle = (np.arange(_LEVELS) + 0.5) / _LEVELS
    return torch.from_numpy(ndtri(middle).astype(np.float32))


def _shift_right(x: Tensor, bits: int) -> Tensor:
    """Logical shift; torch shifts signed integers arithmetically."""
    return (x >> bits).bitwise_and_((1 << (64 - bits)) - 1)


def _mix(x: Tensor) -> Tensor:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014), in wrapping 64-bit arithmetic; works in place."""
    x.bitwise_xor_(_shift_right(x, 30)).mul_(_MIX1)
    x.bitwise_xor_(_shift_right(x, 27)).mul_(_MIX2)
    return x.bitwise_xor_(_shift_right(x, 31))


class Draws:
    """Random numbers for N images.

    ``seed`` says what they are for; ``ids`` (N,) int64 says whose they are. ``stream`` tells several draws for one
    image apart.
    """

    def __init__(self, seed: int, ids: Tensor):
        # the seed is mixed first: ids and seeds may both be small, and must not cancel
        purpose = _mix(torch.tensor([seed], dtype=torch.int64, device=ids.device) + _GOLDEN)
        self._keys = _mix(purpose ^ ids)

    def __getitem__(self, rows: slice | Tensor) -> "Draws":
        """The numbers of some of the images: the same as in the whole."""
        part = object.__new__(Draws)
        part._keys = self._keys[rows]
        return part

    def integers(self, *shape: int, stream: int = 0) -> Tensor:
        """Uniform on 0..65535, (N, *shape) int32."""
        count = int(np.prod(shape, dtype=np.int64))
        words = -(-count // 4)  # one 64-bit hash gives four 16-bit numbers
        # added step by step in tensors, where 64-bit arithmetic wraps; Python's integers do not
        start = _mix(self._keys + torch.tensor(stream, device=self._keys.device) * _GOLDEN)[:, None]
        steps = torch.arange(1, words + 1, device=start.device)[None] * _GOLDEN
        hashes = _mix(start + steps)
        # the lowest 16 bits first, as they lie in memory
        numbers = hashes.view(torch.int16)[:, :count].to(torch.int32).bitwise_and_(_LEVELS - 1)
        return numbers.view(-1, *shape)

    def uniform(self, *shape: int, stream: int = 0) -> Tensor:
        """Uniform on (0, 1), (N, *shape) float32, on a grid of 65,536 values."""
        return (self.integers(*shape, stream=stream).float() + 0.5) / _LEVELS

    def normal(self, *shape: int, stream: int = 0) -> Tensor:
        """Standard normal, (N, *shape) float32."""
        picks = self.integers(*shape, stream=stream)
        return _normal_quantiles().to(picks.device).index_select(0, picks.flatten()).view(picks.shape)
