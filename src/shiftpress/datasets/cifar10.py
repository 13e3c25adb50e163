"""CIFAR-10: 60,000 colour photographs of 32 x 32 pixels."""

from shiftpress.core.sources import Source
from shiftpress.datasets._cifar import Batches
from shiftpress.datasets.base import Card, Part


class Cifar10(Batches):
    """Ten classes of animals and vehicles."""

    card = Card(
        title="CIFAR-10",
        origin="https://www.cs.toronto.edu/~kriz/cifar.html",
        licence="custom terms, https://www.cs.toronto.edu/~kriz/cifar.html",
        citation="Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images",
        parts={"train": Part(50_000), "test": Part(10_000)},
    )
    classes = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    published = (
        Source(
            "cifar-10-python.tar.gz",
            {"md5:c58f30108f718f92721af3b95e74349a": 170_498_071},
            ("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",),
        ),
    )
    batches = {**{f"data_batch_{number}": "train" for number in range(1, 6)}, "test_batch": "test"}
    label_key = "labels"
