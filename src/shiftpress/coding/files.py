"""Files that go into a codec and come out of it."""

from collections import Counter
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from shiftpress.coding.container import MOST_VALUES
from shiftpress.core.files import read_file, reading
from shiftpress.core.pictures import FORMATS, decode
from shiftpress.core.problems import InputError
from shiftpress.core.splits import Shape


def image_files(paths: list[Path]) -> list[Path]:
    """The files named, and for each folder the images directly in it, in the order of their names."""
    found = []
    for path in paths:
        with reading(path):
            found += _images_in(path) if path.is_dir() else [path]
    return found


def _images_in(folder: Path) -> list[Path]:
    found = sorted(file for file in folder.iterdir() if file.suffix.lower() in FORMATS and file.is_file())
    if not found:
        raise InputError(f"There are no images in {folder}; known endings: {', '.join(sorted(FORMATS))}.")
    return found


def read_images(files: list[Path], shape: Shape) -> Tensor:
    """Images (N, C, H, W) uint8; colours become grey, or grey three equal colours, as the shape asks.

    Raises InputError for a file that is no image or has another size.
    """
    if len(files) * shape[0] * shape[1] * shape[2] > MOST_VALUES:
        raise InputError(f"{len(files)} images are too many for one stream; split them over several files.")
    pixels = torch.empty((len(files), *shape), dtype=torch.uint8)
    for row, file in enumerate(files):
        pixels[row] = _read_image(file, shape)
    return pixels


def _read_image(file: Path, shape: Shape) -> Tensor:
    channels, height, width = shape
    if file.suffix.lower() not in FORMATS:
        raise InputError(f"{file} is of no known kind; known endings: {', '.join(sorted(FORMATS))}.")
    picture = Image.fromarray(decode(PurePosixPath(file.as_posix()), read_file(file)))
    if picture.size != (width, height):
        found = f"{picture.height}x{picture.width}"
        raise InputError(f"{file} has {found} pixels, the model codes {height}x{width}; resize it first.")
    levels = np.array(picture.convert("L" if channels == 1 else "RGB"))
    return torch.from_numpy(levels).view(height, width, channels).permute(2, 0, 1)


def named_after(files: list[Path], folder: Path, ending: str) -> list[Path]:
    """Files in a folder with the names of these and another ending. Raises InputError if two have one name."""
    found = [folder / (file.stem + ending) for file in files]
    if len(set(found)) < len(found):
        twice = Counter(found).most_common(1)[0][0]
        raise InputError(f"Two files would become {twice}; rename one.")
    return found


def numbered(count: int, folder: Path) -> list[Path]:
    """So many PNG files in a folder, in order."""
    digits = len(str(count - 1))
    return [folder / f"{row:0{digits}}.png" for row in range(count)]


def write_images(paths: list[Path], images: Tensor) -> None:
    """Write images (N, C, H, W) uint8 as PNG files. Raises InputError."""
    for path, image in zip(paths, images.permute(0, 2, 3, 1).numpy(), strict=True):
        levels = image[..., 0] if image.shape[2] == 1 else image
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.ascontiguousarray(levels)).save(path)
        except OSError as error:
            raise InputError(f"{path.parent} cannot be written: {error.strerror}.") from None
