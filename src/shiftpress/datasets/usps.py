"""USPS: 9,298 handwritten digits from envelopes, 16 x 16."""

from collections.abc import Iterator

import numpy as np

from shiftpress.core.contents import content
from shiftpress.core.problems import InputError, told
from shiftpress.core.sources import Source
from shiftpress.datasets._fetched import Fetched
from shiftpress.datasets.base import Card, Item, Part

HOST = "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/"
MAX_BYTES = 200_000_000
PLACES = range(1, 257)


class Usps(Fetched):
    """Digits that the postal service's scanners read in Buffalo, as LIBSVM's authors publish them."""

    card = Card(
        title="USPS handwritten digits",
        origin=f"{HOST}multiclass.html#usps",
        licence=f"custom terms, {HOST}",
        citation="Hull 1994, A database for handwritten text recognition research",
        parts={"train": Part(7_291), "test": Part(2_007)},
    )
    classes = tuple("0123456789")
    native = (1, 16, 16)
    published = (
        Source("usps.bz2", {"md5:ec16c51db3855ca6c91edd34d0e9b197": None}, (f"{HOST}multiclass/usps.bz2",)),
        Source("usps.t.bz2", {"md5:8ea070ee2aca1ac39742fdd1ef5ed118": None}, (f"{HOST}multiclass/usps.t.bz2",)),
    )

    def items(self) -> Iterator[Item]:
        for part, path in zip(("train", "test"), self.raw, strict=True):
            for number, line in enumerate(content(path, MAX_BYTES).decode("ascii", "replace").splitlines(), 1):
                yield Item(*_read(line, f"{path}, line {number}"), part)


def _read(line: str, where: str) -> tuple[np.ndarray, int]:
    """Image and label of ``label index:value ...``; labels and indices begin with 1, values reach from -1 to 1.

    Rounded down to 8 bits in single precision, as torchvision does, so that the pixels are the ones others have.
    """
    values = np.zeros(256, dtype=np.float32)
    try:
        label, *pairs = line.split()
        for pair in pairs:
            index, _, value = pair.partition(":")
            values[PLACES.index(int(index))] = float(value)
        if not (np.abs(values) <= 1).all():
            raise ValueError("a value is not between -1 and 1")
        return ((values + 1) / 2 * 255).astype(np.uint8).reshape(16, 16), int(label) - 1
    except ValueError as error:
        raise InputError(f"{where}: {told(error)}") from None
