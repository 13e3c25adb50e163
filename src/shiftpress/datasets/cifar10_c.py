"""CIFAR-10-C: the test set of CIFAR-10 under one corruption at one severity, as published."""

from shiftpress.core.sources import Source
from shiftpress.datasets._published_shifts import CifarC
from shiftpress.datasets.base import Card, Part
from shiftpress.datasets.cifar10 import Cifar10


class Cifar10C(CifarC):
    """Stands in the place of CIFAR-10's test set, through the shift kind `official`."""

    card = Card(
        title="CIFAR-10-C",
        origin="https://zenodo.org/records/2535967",
        licence="CC-BY-4.0",
        citation="Hendrycks, Dietterich 2019, Benchmarking Neural Network Robustness, arXiv:1903.12261",
        parts={"test": Part(10_000)},
    )
    classes = Cifar10.classes
    archive = Source(
        "CIFAR-10-C.tar",
        {"md5:56bf5dcef84df0e2308c6dcbcbbd8499": 2_918_471_680},
        ("https://zenodo.org/records/2535967/files/CIFAR-10-C.tar?download=1",),
    )
