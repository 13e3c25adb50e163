"""Room around images."""

import torch
from torch import Tensor


def extended(images: Tensor, rows: tuple[int, int], columns: tuple[int, int], dtype: torch.dtype) -> Tensor:
    """Images (N, C, H, W) as another type with edges repeated: so many rows above and below, columns to each side.

    Copies of blocks; looking the edges up pixel by pixel takes longer than a blur.
    """
    count, channels, height, width = images.shape
    (above, below), (left, right) = rows, columns
    wide = images.new_empty(count, channels, above + height + below, left + width + right, dtype=dtype)
    middle = wide.narrow(2, above, height)
    middle.narrow(3, left, width).copy_(images)
    if left:
        middle.narrow(3, 0, left).copy_(middle.narrow(3, left, 1).expand(-1, -1, -1, left))
    if right:
        middle.narrow(3, left + width, right).copy_(middle.narrow(3, left + width - 1, 1).expand(-1, -1, -1, right))
    if above:
        wide.narrow(2, 0, above).copy_(wide.narrow(2, above, 1).expand(-1, -1, above, -1))
    if below:
        wide.narrow(2, above + height, below).copy_(wide.narrow(2, above + height - 1, 1).expand(-1, -1, below, -1))
    return wide
