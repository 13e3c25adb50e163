"""JPEG and WebP, which any learned codec must be compared with."""

import io
import os
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.io import ImageReadMode, decode_jpeg, encode_jpeg

from shiftpress.core.pictures import decode

Format = Literal["jpeg", "webp"]
QUALITIES = (1, 100)
"""What they mean differs between the formats."""


@dataclass(frozen=True)
class Compressed:
    """Reconstructions (N, C, H, W) uint8, bytes of each image's file, (N,) int64, and how many begin all of them."""

    images: Tensor
    sizes: Tensor
    shared: int


def compress(images: Tensor, kind: Format, quality: int) -> Compressed:
    """Code images (N, C, H, W) uint8, grey or colour, each as a file of its own.

    WebP knows colour only: grey goes as three equal channels, whose colour planes cost a few bytes, and comes back as
    luminance.
    """
    if not QUALITIES[0] <= quality <= QUALITIES[1]:
        raise ValueError(f"quality {quality} is not between {QUALITIES[0]} and {QUALITIES[1]}")
    pixels, files = {"jpeg": _jpeg, "webp": _webp}[kind](images.cpu(), quality)
    return Compressed(pixels, torch.tensor([len(file) for file in files]), len(os.path.commonprefix(files)))


def _jpeg(images: Tensor, quality: int) -> tuple[Tensor, list[bytes]]:
    """By torchvision, whose files are Pillow's, in a fifth of the time."""
    files = encode_jpeg(list(images.contiguous()), quality)
    pixels = decode_jpeg(files, ImageReadMode.GRAY if images.shape[1] == 1 else ImageReadMode.RGB)
    return torch.stack(pixels), [file.numpy().tobytes() for file in files]


def _webp(images: Tensor, quality: int) -> tuple[Tensor, list[bytes]]:
    grey, name = images.shape[1] == 1, PurePosixPath("made.webp")
    files = [_webp_file(levels, quality) for levels in images.permute(0, 2, 3, 1).numpy()]
    found = np.stack([_as_grey(decode(name, file)) if grey else decode(name, file) for file in files])
    pixels = torch.from_numpy(found).view(len(images), *images.shape[2:], images.shape[1]).permute(0, 3, 1, 2)
    return pixels.contiguous(), files


def _webp_file(levels: np.ndarray, quality: int) -> bytes:
    """The file of one image (H, W, C)."""
    buffer = io.BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(levels[..., 0] if levels.shape[2] == 1 else levels))
    picture.convert("RGB").save(buffer, "webp", quality=quality)
    return buffer.getvalue()


def _as_grey(levels: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(levels).convert("L"))
