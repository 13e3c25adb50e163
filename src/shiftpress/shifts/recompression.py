"""Recompression by a classical codec: an image that went through one is a shifted image."""

import io
from typing import Annotated, Literal

import numpy as np
import torch
from PIL import Image
from pydantic import Field
from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts.base import Shift


class Recompression(Shift):
    """Encode with JPEG or WebP at quality 100 - s and decode again; severity 0 leaves the image alone.

    Unlike the corruption ``jpeg_compression``, which has the qualities of the benchmark, the quality is free here.
    """

    title = "recompression"
    unit = "100 - quality"

    severities: list[Annotated[int, Field(ge=0, le=100)]] = Field(
        [25, 50, 75, 90], min_length=1, max_length=1000, description="100 minus the quality"
    )
    format: Literal["jpeg", "webp"] = Field("jpeg", description="which codec")

    def apply(self, images: Tensor, severity: float, draws: Draws) -> Tensor:
        if severity == 0:
            return images.clone()
        levels = (images * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
        coded = np.stack([self._through(level, 100 - int(severity)) for level in levels])
        return torch.from_numpy(coded).permute(0, 3, 1, 2).to(images) / 255

    def _through(self, levels: np.ndarray, quality: int) -> np.ndarray:
        """One image (H, W, C) uint8, coded and decoded. WebP knows colour only, so grey goes as equal channels."""
        buffer, grey = io.BytesIO(), levels.shape[2] == 1
        picture = Image.fromarray(levels[..., 0] if grey else levels)
        picture.convert("RGB" if self.format == "webp" else picture.mode).save(buffer, self.format, quality=quality)
        decoded = np.asarray(Image.open(buffer, formats=[self.format]).convert("L" if grey else "RGB"))
        return decoded.reshape(levels.shape)
