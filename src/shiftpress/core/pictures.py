"""The only decoder of picture files: PNG, JPEG, BMP and WebP to 8-bit pixels."""

import io
import warnings
from pathlib import PurePosixPath

import numpy as np
from PIL import Image, ImageOps

from shiftpress.core.problems import InputError, told

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".bmp": "BMP", ".webp": "WEBP"}
EIGHT_BIT = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr")
MAX_PIXELS = 50_000_000


def decode(name: PurePosixPath, data: bytes) -> np.ndarray:
    """Pixels of one image file, uint8 (H, W) or (H, W, 3), turned upright.

    Raises InputError for files that are damaged, animated, deeper than 8 bits, too large, or not what their name says.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=[FORMATS[name.suffix.lower()]])
            if picture.width * picture.height > MAX_PIXELS:
                raise InputError(f"{name}: larger than {MAX_PIXELS:,} pixels")
            if getattr(picture, "n_frames", 1) > 1:
                raise InputError(f"{name}: animated; one picture per file is read")
            if picture.mode not in EIGHT_BIT:
                raise InputError(f"{name}: mode {picture.mode} is not 8 bits a channel; convert it first")
            grey = picture.mode in ("1", "L", "LA")
            return np.asarray(ImageOps.exif_transpose(picture).convert("L" if grey else "RGB"))
    except InputError:
        raise
    except Exception as error:  # decoders raise whatever they like on damaged files
        raise InputError(f"{name}: not a readable image: {told(error)}") from None
