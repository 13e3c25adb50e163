"""JPEG and WebP, which any learned codec must be compared with."""

import io
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from shiftpress.core.pictures import decode

Format = Literal["jpeg", "webp"]
QUALITIES = (0, 100)
"""Of Pillow; what they mean differs between the formats."""


@dataclass(frozen=True)
class Compressed:
    """Reconstructions (N, C, H, W) uint8, and bytes of each image's file, (N,) int64."""

    images: Tensor
    sizes: Tensor


def compress(images: Tensor, kind: Format, quality: int) -> Compressed:
    """Code images (N, C, H, W) uint8, grey or colour, each as a file of its own.

    WebP knows colour only: grey goes as three equal channels, whose colour planes cost a few bytes, and comes back as
    luminance.
    """
    if not QUALITIES[0] <= quality <= QUALITIES[1]:
        raise ValueError(f"quality {quality} is not between {QUALITIES[0]} and {QUALITIES[1]}")
    files = [_file(levels, kind, quality) for levels in images.permute(0, 2, 3, 1).numpy()]
    name = PurePosixPath(f"made.{kind}")
    found = np.stack([_as_grey(decode(name, file)) if images.shape[1] == 1 else decode(name, file) for file in files])
    pixels = torch.from_numpy(found).view(len(images), *images.shape[2:], images.shape[1]).permute(0, 3, 1, 2)
    return Compressed(pixels.contiguous(), torch.tensor([len(file) for file in files]))


def _file(levels: np.ndarray, kind: Format, quality: int) -> bytes:
    """The file of one image (H, W, C)."""
    buffer, grey = io.BytesIO(), levels.shape[2] == 1
    picture = Image.fromarray(np.ascontiguousarray(levels[..., 0] if grey else levels))
    picture.convert("RGB" if kind == "webp" else picture.mode).save(buffer, kind, quality=quality)
    return buffer.getvalue()


def _as_grey(levels: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(levels).convert("L"))
