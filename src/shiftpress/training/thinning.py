"""Networks with single weights taken out of them, as large in bits as others without filters."""

from torch import nn

from shiftpress.core.entropy import mask_bits
from shiftpress.core.problems import InputError
from shiftpress.pruners.base import Masks, largest, prunable

WIDE = 32
"""Bits of a number that is kept."""


def thinned(net: nn.Module, ratio: float) -> Masks:
    """Masks of the largest magnitudes of all layers, so many that the network has ``ratio`` of its bits or just less.

    Where kept weights stand takes bits as well: of each layer, what no code of independent masks goes below. Biases and
    normalisation stay and are paid for. Raises InputError if they alone are more.
    """
    magnitudes = {name: weight.detach().abs() for name, weight in prunable(net).items()}
    count = sum(own.numel() for own in magnitudes.values())
    rest = sum(parameter.numel() for parameter in net.parameters()) - count
    wanted = ratio * WIDE * (count + rest)

    def masks(kept: int) -> Masks:
        return largest(magnitudes, 1 - kept / count, {}, "global")

    def bits(kept: int) -> float:
        layers = [(mask.numel(), int(mask.count_nonzero())) for mask in masks(kept).values()]
        return WIDE * (rest + kept) + mask_bits(layers)

    low, high = 0, count  # bits grow with what is kept but for the last few, beyond every ratio
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if bits(middle) <= wanted else (low, middle - 1)
    if low == 0:
        text = f"weights cannot be removed down to {100 * ratio:g} % of the bits: what is no weight has more"
        raise InputError(f"{text}; raise the ratio")
    return masks(low)
