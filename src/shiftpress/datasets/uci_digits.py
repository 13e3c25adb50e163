"""1,797 real 8x8 digits that ship inside scikit-learn: another pen, another scanner, another country than MNIST."""

import gzip
from collections.abc import Iterator

import numpy as np

from shiftpress.datasets.base import Card, Item, Tracked


class UciDigits(Tracked):
    """The test part of the UCI optical digits; 17 grey levels, stretched to 0..255."""

    card = Card(
        title="UCI optical recognition of handwritten digits, test part",
        origin="scikit-learn package, digits.csv.gz",
        licence="CC-BY-4.0 (UCI Machine Learning Repository)",
        citation="Alpaydin, Kaynak 1998, Optical Recognition of Handwritten Digits, doi:10.24432/C50P49",
    )
    classes = tuple("0123456789")
    files = ("digits.csv.gz",)
    native = (1, 8, 8)
    package = "sklearn"
    members = {"digits.csv.gz": "datasets/data/digits.csv.gz"}

    def read(self) -> Iterator[Item]:
        with gzip.open(self.raw[0]) as file:
            table = np.loadtxt(file, delimiter=",")
        for row in table:
            yield Item(np.round(row[:-1] * 255 / 16).astype(np.uint8).reshape(8, 8), int(row[-1]))
