"""Small pictures for the page."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image
from safetensors.numpy import load

from shiftpress.core.storage import read_artefact


@dataclass(frozen=True)
class Strip:
    """Inputs above reconstructions, under one shift at one severity, as one PNG data URI."""

    shift: str
    severity: float
    uri: str
    columns: int


def strips(path: str, wanted: list[tuple[str, float]]) -> list[Strip]:
    """The example images of an evaluation, one strip per wanted shift and severity that it has."""
    arrays, found = load(read_artefact(path)), []
    for shift, severity in wanted:
        key = f"{shift}/{severity:g}"
        if f"{key}/input" in arrays:
            pair = [arrays[f"{key}/input"], arrays[f"{key}/output"]]
            found.append(Strip(shift, severity, _png(pair), len(pair[0])))
    return found


def _png(rows: list[np.ndarray], gap: int = 2) -> str:
    """Rows of images (N, C, H, W) uint8 laid out in a grid, as a data URI."""
    count, channels, height, width = rows[0].shape
    sheet = np.full((len(rows) * (height + gap) - gap, count * (width + gap) - gap, channels), 128, np.uint8)
    for r, row in enumerate(rows):
        for c, image in enumerate(row):
            top, left = r * (height + gap), c * (width + gap)
            sheet[top : top + height, left : left + width] = image.transpose(1, 2, 0)
    buffer = io.BytesIO()
    Image.fromarray(sheet[..., 0] if channels == 1 else sheet).save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
