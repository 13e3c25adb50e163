"""CIFAR-100-C: the test set of CIFAR-100 under one corruption at one severity, as published."""

from shiftpress.core.sources import Source
from shiftpress.datasets._published_shifts import CifarC
from shiftpress.datasets.base import Card, Part
from shiftpress.datasets.cifar100 import Cifar100


class Cifar100C(CifarC):
    """Stands in the place of CIFAR-100's test set, through the shift kind `official`."""

    card = Card(
        title="CIFAR-100-C",
        origin="https://zenodo.org/records/3555552",
        licence="CC-BY-4.0",
        citation="Hendrycks, Dietterich 2019, Benchmarking Neural Network Robustness, arXiv:1903.12261",
        parts={"test": Part(10_000)},
    )
    classes = Cifar100.classes
    archive = Source(
        "CIFAR-100-C.tar",
        {"md5:11f0ed0f1191edbf9fa23466ae6021d3": 2_918_473_216},
        ("https://zenodo.org/records/3555552/files/CIFAR-100-C.tar?download=1",),
    )
