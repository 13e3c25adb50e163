"""Labelled images out of the containers that other people keep datasets in: idx, npz, picture folders, parquet."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from shiftpress.core.arrays import from_idx, from_npy
from shiftpress.core.contents import SUFFIXES, content, members
from shiftpress.core.files import reading
from shiftpress.core.pickled import shown
from shiftpress.core.pictures import FORMATS, decode
from shiftpress.core.pixels import pixel_digest, set_digest
from shiftpress.core.problems import InputError, told

MAX_BYTES = 1_000_000_000
IMAGES = re.compile(r"^x(?=_)|images?$")
"""What arrays of images are called, as in x_train or test_images; for labels, ``y`` or ``labels`` stands there."""
PICTURES, LABELS = ("image", "img"), ("label", "fine_label")
"""What columns of a table are called."""

Labelled = tuple[str, np.ndarray, int]
"""Name of the part (train, test or all), pixels, label."""


def sets_in(path: Path, classes: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Number of images and ``set_digest`` of each part that a container holds.

    ``classes`` are the names that picture folders may have; a number stands for itself. Raises InputError for
    containers of another kind and for damaged ones.
    """
    found: dict[str, list[tuple[bytes, int]]] = {}
    for part, image, label in _labelled(path, classes):
        found.setdefault(part, []).append((pixel_digest(image), label))
    if not found:
        raise InputError(f"{path}: no labelled images found: idx, npz, parquet or picture files by class are read")
    return {part: (len(rows), set_digest(rows)) for part, rows in found.items()}


def _labelled(path: Path, classes: Sequence[str]) -> Iterator[Labelled]:
    with reading(path):
        files = [file for file in (sorted(path.iterdir()) if path.is_dir() else [path]) if file.name[0] != "."]
    if idx := [file for file in files if "images-idx3" in file.name]:
        for file in idx:
            labels = file.with_name(file.name.replace("images-idx3", "labels-idx1"))
            yield from _paired(_idx(file), _idx(labels), _part(file.name), file)
    elif tables := [file for file in files if file.suffix == ".parquet"]:
        for file in tables:
            yield from _from_parquet(file)
    elif path.suffix == ".npz":
        yield from _from_npz(path)
    elif path.is_dir() or path.name.endswith(SUFFIXES):
        yield from _from_pictures(path, classes)


def _part(name: str) -> str:
    return "test" if re.search("test|t10k", name) else "train" if "train" in name else "all"


def _paired(images: np.ndarray, labels: np.ndarray, part: str, where: Path) -> Iterator[Labelled]:
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or labels.size != len(images):
        raise InputError(f"{where}: {images.dtype} {images.shape} is no set of 8-bit images for {labels.size} labels")
    kind = labels.dtype.kind
    if kind not in "iu" and not (kind == "f" and all(map(float.is_integer, labels.ravel().tolist()))):
        raise InputError(f"{where}: labels are no whole numbers, but {labels.dtype}; store the numbers of the classes")
    grey = images.reshape(images.shape[:3]) if images.shape[3:] == (1,) else images
    yield from ((part, image, int(label)) for image, label in zip(grey, labels.ravel(), strict=True))


def _idx(file: Path) -> np.ndarray:
    return from_idx(content(file, MAX_BYTES), str(file))


def _from_npz(path: Path) -> Iterator[Labelled]:
    arrays: dict[str, np.ndarray] = {}
    room = MAX_BYTES
    for member in members(path):
        room -= member.size
        if room < 0:
            raise InputError(f"{path}: holds more than {MAX_BYTES:,} bytes")
        arrays[member.name.stem] = from_npy(member.read(), f"{path}: {member.name}")
    for name, images in arrays.items():
        beside = (IMAGES.sub(word, name) for word in ("y", "label", "labels"))
        for labels in (arrays[other] for other in beside if other in arrays and other != name):
            yield from _paired(images, labels, _part(name), path)


def _from_pictures(path: Path, classes: Sequence[str]) -> Iterator[Labelled]:
    for member in members(path):
        if member.name.suffix.lower() in FORMATS and len(member.name.parts) > 1:
            folder = member.name.parts[-2]
            if folder not in classes and not folder.isdecimal():
                raise InputError(f"{path}: {member.name}: {folder!r} is none of the classes")
            label = list(classes).index(folder) if folder in classes else int(folder)
            yield _part("/".join(member.name.parts[:-2])), decode(member.name, member.read()), label


def _from_parquet(path: Path) -> Iterator[Labelled]:
    """A column of encoded pictures, bare or as records with ``bytes``, and one of labels, as public hubs name them."""
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as table:
            names = table.schema_arrow.names
            columns = [next(name for name in known if name in names) for known in (PICTURES, LABELS)]
            for batch in table.iter_batches(batch_size=1000, columns=columns):
                for picture, label in zip(*(batch[name].to_pylist() for name in columns), strict=True):
                    data = picture["bytes"] if isinstance(picture, dict) else picture
                    if type(label) is not int and not (type(label) is float and label.is_integer()):
                        raise InputError(f"{path}: a label is {shown(label)}, and no whole number")
                    yield _part(path.name), decode(PurePosixPath(f"{path.name}.png"), data), int(label)
    except StopIteration:
        raise InputError(f"{path}: no table of {PICTURES[0]} and {LABELS[0]}") from None
    except (ArrowException, KeyError, TypeError, ValueError, OSError) as error:
        raise InputError(f"{path}: no table of image and label: {told(error)}") from None
