"""Small made files in the real formats of published datasets, for tests on machines that do not have the real ones."""

import bz2
import gzip
import hashlib
import io
import struct
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

from shiftpress.core.catalog import component

Sets = dict[str, tuple[np.ndarray, np.ndarray]]
"""Images and labels of each part."""

COUNTS = {"train": 600, "test": 200}
CLASSES = {"cifar100": 100, "cifar100_c": 100}
SIDES = {"usps": (16, 16), **dict.fromkeys(("mnist", "fashion_mnist", "kmnist", "mnist_c"), (28, 28))}


def made_sets(kind: str, counts: dict[str, int] = COUNTS) -> Sets:
    """Noise with labels that take turns; the same for a test set and its published shift but for the pixels."""
    rng = np.random.default_rng(list(kind.encode()))
    shape, classes = SIDES.get(kind, (32, 32, 3)), CLASSES.get(kind, 10)
    return {
        part: (rng.integers(0, 256, (count, *shape), dtype=np.uint8), np.arange(count) % classes)
        for part, count in counts.items()
    }


def idx(array: np.ndarray) -> bytes:
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_idx(folder: Path, sets: Sets) -> None:
    for part, (images, labels) in zip(("train", "t10k"), sets.values(), strict=True):
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels.astype(np.uint8))))


def batch(images: np.ndarray, labels: np.ndarray, key: str) -> bytes:
    """A CIFAR batch as Python 2 pickled it: its words are byte strings, its array a call of numpy's."""

    def word(text: str) -> bytes:
        return b"U" + bytes([len(text)]) + text.encode()

    rows = np.ascontiguousarray(images.transpose(0, 3, 1, 2)).tobytes()
    count = struct.pack("<I", len(images))
    new = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85" + word("b") + b"\x87R"
    dtype = b"cnumpy\ndtype\n" + word("u1") + b"K\0K\1\x87R(K\3" + word("|") + b"NNN"
    dtype += b"J\xff\xff\xff\xff" * 2 + b"K\0tb"
    state = b"(K\1J" + count + b"M\0\x0c\x86" + dtype + b"\x89T" + struct.pack("<I", len(rows)) + rows + b"tb"
    numbers = b"".join(b"K" + bytes([label]) for label in labels.tolist())
    return b"\x80\2}q\1(" + word("data") + new + state + word(key) + b"](" + numbers + b"eu."


def write_cifar(folder: Path, sets: Sets, name: str, batches: dict[str, str], key: str) -> None:
    """Batches stand in the archive in another order than they are numbered, as in the published one."""
    shares = {part: [n for n, of in batches.items() if of == part] for part in sets}
    with tarfile.open(folder / name, "w:gz") as archive:
        for part, (images, labels) in reversed(sets.items()):
            pieces = zip(
                shares[part], np.split(images, len(shares[part])), np.split(labels, len(shares[part])), strict=True
            )
            for inside, own, ids in reversed(list(pieces)):
                data = batch(own, ids, key)
                info = tarfile.TarInfo(f"folder/{inside}")
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))


def write_svhn(folder: Path, sets: Sets) -> None:
    for part, (images, labels) in sets.items():
        tens = np.where(labels == 0, 10, labels).astype(np.uint8)[:, None]
        savemat(folder / f"{part}_32x32.mat", {"X": images.transpose(1, 2, 3, 0), "y": tens}, do_compression=True)


def write_usps(folder: Path, sets: Sets) -> None:
    """Values are the middles of the steps that 8 bits have, so that rounding cannot hide a mistake."""
    for name, (images, labels) in zip(("usps.bz2", "usps.t.bz2"), sets.values(), strict=True):
        lines = []
        for image, label in zip(images.reshape(-1, 256), labels, strict=True):
            values = np.clip((image + 0.5) / 255 * 2 - 1, -1, 1)
            lines.append(f"{label + 1} " + " ".join(f"{place}:{v:.6f}" for place, v in enumerate(values, 1)))
        (folder / name).write_bytes(bz2.compress("\n".join(lines).encode()))


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def write_cifar_c(folder: Path, sets: Sets, name: str) -> None:
    """Five severities, one after the other; the images of each are those of the set, a little darker every time."""
    images, labels = sets["test"]
    stacked = np.concatenate([images // (step + 1) for step in range(5)])
    with tarfile.open(folder / name, "w") as archive:
        for inside, array in (("fog.npy", stacked), ("labels.npy", np.tile(labels, 5).astype(np.uint8))):
            info = tarfile.TarInfo(f"{name.removesuffix('.tar')}/{inside}")
            info.size = len(npy(array))
            archive.addfile(info, io.BytesIO(npy(array)))


def write_mnist_c(folder: Path, sets: Sets) -> None:
    images, labels = sets["test"]
    with zipfile.ZipFile(folder / "mnist_c.zip", "w") as archive:
        archive.writestr("mnist_c/fog/test_images.npy", npy(images[..., None]))
        archive.writestr("mnist_c/fog/test_labels.npy", npy(labels))


def write_office(folder: Path, classes: tuple[str, ...]) -> None:
    for number in range(31 * 12):
        noise = np.random.default_rng(number).integers(0, 256, (40, 50, 3), dtype=np.uint8)
        for domain in ("amazon", "webcam"):
            place = folder / domain / "images" / classes[number % 31]
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(noise if domain == "amazon" else 255 - noise).save(place / f"{number}.png")


BATCHES_10 = {**{f"data_batch_{number}": "train" for number in range(1, 6)}, "test_batch": "test"}
WRITERS = {
    "mnist": write_idx,
    "fashion_mnist": write_idx,
    "kmnist": write_idx,
    "cifar10": lambda f, s: write_cifar(f, s, "cifar-10-python.tar.gz", BATCHES_10, "labels"),
    "cifar100": lambda f, s: write_cifar(
        f, s, "cifar-100-python.tar.gz", {"train": "train", "test": "test"}, "fine_labels"
    ),
    "svhn": write_svhn,
    "usps": write_usps,
    "cifar10_c": lambda f, s: write_cifar_c(f, s, "CIFAR-10-C.tar"),
    "cifar100_c": lambda f, s: write_cifar_c(f, s, "CIFAR-100-C.tar"),
    "mnist_c": write_mnist_c,
}


def place_made_files(kind: str, root: Path, monkeypatch, counts: dict[str, int] = COUNTS) -> Sets:
    """Put made files below a root, and let the kind accept exactly them. Returns what they show."""
    sets, folder, made = made_sets(kind, counts), root / "data/raw" / kind, component("datasets", kind)
    folder.mkdir(parents=True)
    WRITERS[kind](folder, sets)
    accepted = tuple(
        replace(source, accepted={f"sha256:{hashlib.sha256(data).hexdigest()}": len(data)}, urls=(), shipped=None)
        for source in made.sources()
        for data in [(folder / source.name).read_bytes()]
    )
    monkeypatch.setattr(made, "sources", classmethod(lambda cls: accepted))
    monkeypatch.setattr(made, "card", replace(made.card, parts={}))
    return sets
