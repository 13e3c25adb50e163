"""Affine maps of the image plane: group actions, as a shift and inside training."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

Interpolation = Literal["nearest", "bilinear"]


def warp(images: Tensor, matrices: Tensor, interpolation: Interpolation) -> Tensor:
    """Images (N, C, H, W) looked up through matrices (N, 2, 3) or (2, 3) that map target to source positions.

    Positions run from -1 to 1 along each axis, y downwards. What comes in from outside is zero.
    """
    grid = F.affine_grid(matrices.expand(len(images), 2, 3), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode=interpolation, padding_mode="zeros", align_corners=False).clamp(0, 1)


def rows(*entries: float | Tensor, like: Tensor) -> Tensor:
    """Matrices (N, 2, 3) from six entries, each a number or one per image (N,)."""
    columns = [torch.as_tensor(entry, dtype=like.dtype, device=like.device).expand(len(like)) for entry in entries]
    return torch.stack(columns, dim=1).view(-1, 2, 3)


def rotation(degrees: Tensor, like: Tensor) -> Tensor:
    """Matrices that turn images counter-clockwise, by one angle or one per image (N,)."""
    radians = torch.deg2rad(degrees.double())
    cos, sin = radians.cos(), radians.sin()
    # the y axis points down, and the matrix maps target to source
    return rows(cos, -sin, 0, sin, cos, 0, like=like)
