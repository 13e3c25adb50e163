"""JPEG and WebP, which any learned codec must be compared with."""

import io
import os
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.io import ImageReadMode, decode_jpeg, decode_webp, encode_jpeg

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
    """Coded by Pillow and decoded by torchvision, which has the pixels of Pillow's in a fifth of the time."""
    grey = images.shape[1] == 1
    levels = images.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).contiguous().numpy()
    files = [_webp_file(pixels, quality) for pixels in levels]
    found = [decode_webp(torch.frombuffer(bytearray(file), dtype=torch.uint8), ImageReadMode.RGB) for file in files]
    return _as_grey(torch.stack(found)) if grey else torch.stack(found), files


def _webp_file(levels: np.ndarray, quality: int) -> bytes:
    """The file of one image (H, W, 3)."""
    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, "webp", quality=quality)
    return buffer.getvalue()


def _as_grey(colours: Tensor) -> Tensor:
    """Luminance (N, 1, H, W) of colours (N, 3, H, W), in the fixed point of Pillow's conversion (ITU-R 601)."""
    red, green, blue = colours.int().unbind(1)
    return ((19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16).to(torch.uint8)[:, None]
