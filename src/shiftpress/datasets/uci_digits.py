"""1,797 real 8x8 digits that ship inside scikit-learn: another pen, another scanner, another country than MNIST."""

import gzip
from collections.abc import Iterator

import numpy as np

from shiftpress.datasets.base import Card, Embedded


class UciDigits(Embedded):
    """The test part of the UCI optical digits; 17 grey levels, stretched to 0..255."""

    card = Card(
        title="UCI optical recognition of handwritten digits, test part",
        origin="scikit-learn package, digits.csv.gz",
        licence="CC-BY-4.0 (UCI Machine Learning Repository)",
        citation="Alpaydin, Kaynak 1998, Optical Recognition of Handwritten Digits, doi:10.24432/C50P49",
    )
    classes = tuple("0123456789")
    source = "uci_digits/digits.csv.gz"
    package = "sklearn"
    member = "datasets/data/digits.csv.gz"
    side = 8

    def read(self) -> Iterator[tuple[np.ndarray, int]]:
        with gzip.open(self.raw) as file:
            table = np.loadtxt(file, delimiter=",")
        for row in table:
            yield np.round(row[:-1] * 255 / 16).astype(np.uint8).reshape(8, 8), int(row[-1])
