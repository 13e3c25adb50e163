"""Which weights are kept, entropy-coded: one static distribution a layer, given by how many weights it keeps.

Coded with asymmetric numeral systems (constriction, which is memory safe). The file holds counts, which are integers,
and frequencies follow from them by integer arithmetic, so that no floating-point number decides how a mask is read.
"""

import constriction
import numpy as np

from shiftpress.core.problems import InputError

PRECISION = 1 << 16
"""Frequencies of a layer's kept and removed weights add up to this."""
WEIGHTS_PER_BYTE = 1024
"""A mask holds at most so many weights per byte, so that work is bounded by what was sent; filled up with zeros.

Layers that keep everything do not count: their weights are sent.
"""

Coder = constriction.stream.stack.AnsCoder
Model = constriction.stream.model.Categorical


def encode(masks: list[np.ndarray]) -> bytes:
    """The code of flat boolean masks; their lengths and counts are not in it."""
    coder = Coder()
    for mask in reversed(masks):  # the coder gives back last what came first
        kept = int(np.count_nonzero(mask))
        if 0 < kept < mask.size:
            coder.encode_reverse(mask.astype(np.int32), _model(mask.size, kept))
    words = coder.get_compressed().astype("<u4").tobytes()
    return words.ljust(_least([mask.size for mask in masks], [np.count_nonzero(mask) for mask in masks]), b"\0")


def decode(code: bytes, sizes: list[int], counts: list[int]) -> list[np.ndarray]:
    """The masks of these lengths that keep so many weights. Raises InputError if the code holds others."""
    if any(not 0 <= kept <= size for size, kept in zip(sizes, counts, strict=True)):
        raise InputError("The card claims to keep more weights than a layer has.")
    words = np.frombuffer(code, "<u4") if len(code) % 4 == 0 else np.empty(0, "<u4")
    used = int(np.flatnonzero(words)[-1]) + 1 if words.any() else 0
    if len(code) != max(4 * used, _least(sizes, counts)):
        raise InputError("The card's mask has another length than its layers need.")
    coder = Coder(words[:used].astype(np.uint32))
    masks = [_decode(coder, size, kept) for size, kept in zip(sizes, counts, strict=True)]
    if not coder.is_empty():
        raise InputError("The card's mask holds more than its layers.")
    return masks


def _decode(coder: Coder, size: int, kept: int) -> np.ndarray:
    if not 0 < kept < size:
        return np.full(size, kept > 0)
    mask = coder.decode(_model(size, kept), size).astype(bool)
    if np.count_nonzero(mask) != kept:
        raise InputError("The card's mask keeps another number of weights than the card says.")
    return mask


def _model(size: int, kept: int) -> Model:
    """Frequencies of removed and kept, neither ever zero. Float64 holds the integers exactly."""
    frequency = min(max((kept * PRECISION + size // 2) // size, 1), PRECISION - 1)
    return Model(np.array([PRECISION - frequency, frequency], np.float64), perfect=False)


def _least(sizes: list[int], counts: list[int]) -> int:
    """Bytes that the mask has at least, in whole words."""
    weights = sum(size for size, kept in zip(sizes, counts, strict=True) if kept < size)
    return -(-weights // (4 * WEIGHTS_PER_BYTE)) * 4
