"""1,797 real 8x8 digits that ship inside scikit-learn: another pen, another scanner, another country than MNIST."""

from collections.abc import Iterator

import numpy as np

from shiftpress.core.contents import content
from shiftpress.datasets._fetched import Tracked
from shiftpress.datasets.base import Card, Item, Part

MAX_BYTES = 100_000_000


class UciDigits(Tracked):
    """The test part of the UCI optical digits; 17 grey levels, stretched to 0..255."""

    card = Card(
        title="UCI optical recognition of handwritten digits, test part",
        origin="scikit-learn package, digits.csv.gz",
        licence="CC-BY-4.0 (UCI Machine Learning Repository)",
        citation="Alpaydin, Kaynak 1998, Optical Recognition of Handwritten Digits, doi:10.24432/C50P49",
        parts={"all": Part(1_797, "33b168da957819dde512b26cc23885aee8305896c9d12474f67b53160cf0ce39")},
    )
    classes = tuple("0123456789")
    native = (1, 8, 8)
    package = "sklearn"
    member = "datasets/data/digits.csv.gz"

    def items(self) -> Iterator[Item]:
        table = np.loadtxt(content(self.raw[0], MAX_BYTES).decode().splitlines(), delimiter=",")
        for row in table:
            yield Item(np.round(row[:-1] * 255 / 16).astype(np.uint8).reshape(8, 8), int(row[-1]))
