"""Digests of what images show: the same from any container, so that copies of a dataset can be told from others."""

import hashlib
from collections.abc import Iterable

import numpy as np


def pixel_digest(image: np.ndarray) -> bytes:
    """sha256 of shape and pixels of one 8-bit image, (H, W) or (H, W, 3)."""
    head = "x".join(map(str, image.shape)).encode()
    return hashlib.sha256(head + b":" + np.ascontiguousarray(image, dtype=np.uint8).tobytes()).digest()


def set_digest(images: Iterable[tuple[bytes, int]]) -> str:
    """sha256 over the pixel digests and labels of a set of images, whatever their order; one that stands twice counts
    twice."""
    lines = (f"{digest.hex()} {label}" for digest, label in sorted(images))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
