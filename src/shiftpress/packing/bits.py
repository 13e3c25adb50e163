"""Whole numbers of few bits, one after the other, highest bit first."""

import numpy as np
from torch import Tensor

from shiftpress.core.problems import InputError


def bits_joined(codes: Tensor, bits: int) -> np.ndarray:
    """Codes of a layer, int8, counted from the lowest there can be, in so many bits each; filled up to a byte."""
    counted = (codes.numpy().ravel() + (2 ** (bits - 1) - 1)).astype(np.uint8)
    return np.packbits(np.unpackbits(counted[:, None], axis=1)[:, 8 - bits :])


def bits_split(data: np.ndarray, bits: int, size: int) -> np.ndarray:
    """So many codes of a layer, int8. Raises InputError if something else stands there."""
    single = np.unpackbits(data)
    if single[size * bits :].any():
        raise InputError("The card's codes hold more than its layers.")
    padded = np.pad(single[: size * bits].reshape(size, bits), ((0, 0), (8 - bits, 0)))
    counted = np.packbits(padded, axis=1).ravel()
    if (counted > 2**bits - 2).any():
        raise InputError("The card's codes are not written as cards are: one is out of range.")
    return (counted.astype(np.int16) - (2 ** (bits - 1) - 1)).astype(np.int8)
