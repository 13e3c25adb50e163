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


def contact_row(path: str) -> Strip:
    """The contact sheet row of one shift: the same image at every severity, in rising order."""
    arrays = load(read_artefact(path))
    severities = sorted(map(float, arrays))
    row = np.stack([arrays[f"{severity:g}"] for severity in severities])
    shift = Path(path).name.split(".")[0]
    return Strip(shift, severities[-1], _png([row]), len(row))


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
