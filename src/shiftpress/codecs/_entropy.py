"""Entropy models from CompressAI, and the integer tables that streams are written with."""

from collections.abc import Callable
from functools import lru_cache

import torch
from compressai.entropy_models import EntropyBottleneck, GaussianConditional
from torch import Tensor, nn

from shiftpress.core.coding import HALF, TABLE_BITS, Source, Symbols, Tables
from shiftpress.core.problems import InputError

REACH = 64
"""Integers from -REACH to REACH have a place in the tables; others go by the escape."""
GRID = 64
"""Medians are kept to 1 / GRID, so that integers plus medians are exact in fixed point."""
INITIAL_WIDTH = 2.0
SCALES = 64
SMALLEST, LARGEST = 0.11, 64.0
"""Standard deviations with a table of their own, evenly spaced on a log scale (Balle et al. 2018)."""


class Bottleneck(nn.Module):
    """A learned distribution per channel for integers around its median."""

    def __init__(self, channels: int):
        super().__init__()
        # narrower than CompressAI's 10: an untrained transform makes small numbers, and training may be short
        self.model = EntropyBottleneck(channels, init_scale=INITIAL_WIDTH)
        # CompressAI's own tables; their size changes when they are made, and no file could be loaded
        for name in ("_offset", "_quantized_cdf", "_cdf_length"):
            setattr(self.model, name, torch.empty(0, dtype=torch.int32))
            self.model._non_persistent_buffers_set.add(name)
        self.channels = channels
        self.register_buffer("counts", torch.zeros(channels, 2 * REACH + 2, dtype=torch.int32))
        self.register_buffer("offsets", torch.full((channels,), -REACH, dtype=torch.int32))

    def forward(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """Noisy or rounded values, and the likelihood of each; shapes as ``y`` (N, C, H, W)."""
        if self.training:
            self._follow(y.detach())
        values, likelihood = self.model(y)
        if self.training:
            likelihood = as_sent(likelihood, lambda: self.model(y, training=False)[1])
        return straight_through(y, values, self.training), likelihood

    def symbols(self, y: Tensor) -> Symbols:
        """Integers around the medians, flat."""
        return Symbols(flat(whole(y, self._medians())), self.tables, self._rows(len(y), y.shape[2] * y.shape[3]))

    def received(self, source: Source, count: int, side: tuple[int, int]) -> Tensor:
        """The values the decoder sees, (count, C, *side)."""
        shape = (count, self.channels * side[0] * side[1])
        return self.values(source.take(self.tables, shape, self._rows(count, side[0] * side[1])), side)

    def values(self, symbols: Tensor, side: tuple[int, int]) -> Tensor:
        """What integers (N, h * w * C) stand for, (N, C, h, w)."""
        medians = self._medians()
        return raised(symbols, side).to(medians) + medians

    @property
    def tables(self) -> Tables:
        """What streams are written with."""
        return Tables(self.counts, self.offsets)

    def freeze(self) -> None:
        """Settle the medians, and write down the distributions around them.

        The medians are found here, by bisection; what training had of them only told what a code would take.
        """
        self.model._update_quantiles()
        medians = self.model.quantiles[:, :, 1:2]
        medians.copy_((medians * GRID).round() / GRID)
        window = torch.arange(-REACH, REACH + 1, device=medians.device)
        _, likelihood = self.model((window + medians).transpose(0, 1), training=False)
        self.counts.copy_(counts_of(likelihood[0]))

    @torch.no_grad()
    def _follow(self, y: Tensor) -> None:
        """Keep a running median of each channel: an empty one must not seem to be torn between two integers."""
        median = _medians_of(y.transpose(0, 1).flatten(1))
        self.model.quantiles[:, 0, 1].lerp_(median, 0.1)

    def _medians(self) -> Tensor:
        return self.model.quantiles.detach().narrow(2, 1, 1)

    def _rows(self, count: int, places: int) -> Tensor:
        return _channels(self.channels, places, self.counts.device).expand(count, -1)


class Gaussian(nn.Module):
    """Integers around zero, each with its own of so many standard deviations."""

    def __init__(self) -> None:
        super().__init__()
        scales = torch.logspace(0, 1, SCALES, base=LARGEST / SMALLEST, dtype=torch.float64) * SMALLEST
        self.model = GaussianConditional(None, scale_bound=SMALLEST)
        self.register_buffer("scales", scales.float())
        self.register_buffer("counts", torch.zeros(SCALES, 2 * REACH + 2, dtype=torch.int32))
        self.register_buffer("offsets", torch.full((SCALES,), -REACH, dtype=torch.int32))

    def forward(self, y: Tensor, scales: Tensor) -> tuple[Tensor, Tensor]:
        """Noisy or rounded values, and the likelihood of each."""
        values, likelihood = self.model(y, scales)
        if self.training:
            likelihood = as_sent(likelihood, lambda: self.model(y, scales, training=False)[1])
        return straight_through(y, values, self.training), likelihood

    @property
    def tables(self) -> Tables:
        """What streams are written with."""
        return Tables(self.counts, self.offsets)

    def freeze(self) -> None:
        """Write down the distributions."""
        window = torch.arange(-REACH, REACH + 1, device=self.scales.device, dtype=torch.float32)
        likelihood = self.model._likelihood(window.expand(SCALES, -1), self.scales[:, None])
        self.counts.copy_(counts_of(likelihood))


@lru_cache(16)
def _channels(channels: int, places: int, device: torch.device) -> Tensor:
    """The channel of each number of an image."""
    return torch.arange(channels, device=device).repeat(places)


def whole(numbers: Tensor, centres: Tensor | float = 0.0) -> Tensor:
    """Integers around the centres, int32. Raises InputError where a number is out of range, or none."""
    rounded = (numbers - centres).round_()
    least, most = rounded.aminmax()
    if not (least.item() > -HALF and most.item() < HALF):
        raise InputError("The model gives numbers too large to code.")
    return rounded.int()


def flat(numbers: Tensor) -> Tensor:
    """(N, C, h, w) -> (N, h * w * C), place after place, which is how networks here keep them in memory."""
    return numbers.permute(0, 2, 3, 1).flatten(1)


def raised(symbols: Tensor, side: tuple[int, int]) -> Tensor:
    """The way back, (N, C, *side)."""
    return symbols.view(len(symbols), *side, -1).permute(0, 3, 1, 2)


def _medians_of(rows: Tensor) -> Tensor:
    """The lower median of each row (C, n); on a GPU by sorting, as torch's own search may not repeat there."""
    if rows.device.type == "cpu":
        return rows.median(1).values
    return rows.sort(1).values[:, (rows.shape[1] - 1) // 2]


def straight_through(y: Tensor, values: Tensor, training: bool) -> Tensor:
    """In use, rounded values whose gradient is that of ``y``: an attacker must not be stopped by a step function."""
    return y + (values - y).detach() if y.requires_grad and not training else values


def as_sent(noisy: Tensor, rounded: Callable[[], Tensor]) -> Tensor:
    """The likelihoods of rounded values, with the gradient that noise in place of rounding gives their logarithm.

    Noise never costs nothing, not even in a channel that is always the same: a rate that is judged by it, and by it
    held to a target, is far above what is written in the end.
    """
    with torch.no_grad():
        ratio = rounded() / noisy
    return noisy * ratio


def counts_of(likelihood: Tensor) -> Tensor:
    """Frequencies (K, S + 1) int32 for probabilities (K, S), the escape last; each row adds up to 2^TABLE_BITS.

    What is rarer than 1 / 256 of a unit goes by the escape; what is rare has one unit. The most frequent integer pays
    for rounding.
    """
    total = 1 << TABLE_BITS
    wanted = likelihood.double().cpu() * total
    counts = torch.where(wanted > 1 / 256, wanted.round().clamp_min(1), 0).long()
    escape = (total - counts.sum(1, keepdim=True)).clamp_min(1)
    counts = torch.cat([counts, escape], 1)
    excess = counts.sum(1) - total
    counts[torch.arange(len(counts)), counts[:, :-1].argmax(1)] -= excess
    return counts.int()
