"""What compressed matrices weigh by the formula of Gui et al. 2019, and by what it leaves out.

The formula charges the values of a matrix and its codebook, but not where the values stand. It charges 32 bits for each
value where codes would not tell values apart in fewer numbers than there are, which small matrices fall under.
"""

import math
from collections.abc import Iterable

import numpy as np

from shiftpress.packing.codes import bits_of


def paper_bits(matrix: np.ndarray) -> int:
    """Of the values and codebook of a matrix, as the paper's code counts; distinct values are those other than zero."""
    kept = matrix[matrix != 0]
    values, width = len(np.unique(kept)), bits_of(len(np.unique(kept)))
    return len(kept) * width + 32 * values if values and 2**width < len(kept) else 32 * len(kept)


def index_bits(size: int, kept: int) -> float:
    """What no code of where ``kept`` of ``size`` entries stand goes below, all places being alike: log2 of how many.

    >>> round(index_bits(4, 2), 6), index_bits(9, 9)
    (2.584963, 0.0)
    """
    logs = math.lgamma(size + 1) - math.lgamma(kept + 1) - math.lgamma(size - kept + 1)
    return max(logs / math.log(2), 0.0)


def accounts(matrices: Iterable[np.ndarray], dense: int, disk_bytes: int, rest_bytes: int) -> dict[str, float]:
    """Shares of the bits of ``dense`` weights, by what is charged, and the file itself.

    ``size_paper`` is the paper's formula, ``size_indexed`` adds the least that places cost, ``size_values`` charges
    codes alone, neither codebook nor 32-bit matrices, and ``size_disk`` is the file without the ``rest_bytes`` of what
    is never compressed (biases, normalisation). ``nonzero`` is the share of entries, and ``codebook_values`` the most
    distinct values that a matrix has.
    """
    matrices = [matrix.ravel() for matrix in matrices]
    counts = [int(np.count_nonzero(matrix)) for matrix in matrices]
    levels = [len(np.unique(matrix[matrix != 0])) for matrix in matrices]
    whole, paper = 32 * dense, sum(map(paper_bits, matrices))
    places = sum(index_bits(matrix.size, kept) for matrix, kept in zip(matrices, counts, strict=True))
    codes = sum(min(bits_of(values), 32) * kept for values, kept in zip(levels, counts, strict=True))
    return {
        "size_paper": paper / whole,
        "size_indexed": (paper + places) / whole,
        "size_values": codes / whole,
        "size_disk": 8 * (disk_bytes - rest_bytes) / whole,
        "nonzero": sum(counts) / dense,
        "codebook_values": float(max(levels, default=0)),
        "disk_bytes": float(disk_bytes),
    }
