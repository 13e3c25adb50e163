"""Small pictures for the page."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import load

from shiftpress.core.storage import read_artefact


@dataclass(frozen=True)
class Strip:
    """Images side by side under one shift, up to a severity, as one PNG data URI."""

    shift: str
    severity: float
    uri: str
    columns: int


def contact_row(path: str) -> Strip:
    """The contact sheet row of one shift: the same image at every severity, in rising order."""
    arrays = load(read_artefact(path))
    severities = sorted(map(float, arrays))
    row = np.stack([arrays[f"{severity:g}"] for severity in severities])
    shift = Path(path).name.split(".")[0]
    return Strip(shift, severities[-1], png([row]), len(row))


def png(rows: list[np.ndarray], gap: int = 2, shades: int = 256) -> str:
    """Rows of images (N, C, H, W) uint8 laid out in a grid, as a data URI.

    Grey images may be given with fewer shades, which take fewer bytes: 16 take half of them and can hardly be told.
    """
    count, channels, height, width = rows[0].shape
    sheet = np.full((len(rows) * (height + gap) - gap, count * (width + gap) - gap, channels), 128, np.uint8)
    for r, row in enumerate(rows):
        for c, image in enumerate(row):
            top, left = r * (height + gap), c * (width + gap)
            sheet[top : top + height, left : left + width] = image.transpose(1, 2, 0)
    picture, options = Image.fromarray(sheet[..., 0] if channels == 1 else sheet), {}
    if channels == 1 and shades < 256:
        levels = np.round(sheet[..., 0] / 255 * (shades - 1)).astype(np.uint8)
        picture = Image.fromarray(levels).convert("P")
        picture.putpalette([value for level in range(shades) for value in (round(level * 255 / (shades - 1)),) * 3])
        options = {"bits": (shades - 1).bit_length()}
    buffer = io.BytesIO()
    # the hardest compression takes five times as long for one or two bytes in a hundred
    picture.save(buffer, "PNG", compress_level=6, **options)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
