"""MNIST-C: the test set of MNIST under one corruption, as published."""

from typing import Literal

import numpy as np
from pydantic import Field

from shiftpress.core.sources import Source
from shiftpress.datasets._published_shifts import PublishedShift
from shiftpress.datasets.base import Card, Part


class MnistC(PublishedShift):
    """Stands in the place of MNIST's test set, through the shift kind `official`. It has one severity."""

    card = Card(
        title="MNIST-C",
        origin="https://zenodo.org/records/3239543",
        licence="CC-BY-4.0",
        citation="Mu, Gilmer 2019, MNIST-C: A Robustness Benchmark for Computer Vision, arXiv:1906.02337",
        parts={"test": Part(10_000)},
    )
    classes = tuple("0123456789")
    native = (1, 28, 28)
    archive = Source(
        "mnist_c.zip",
        {"md5:4b34b33045869ee6d424616cd3a65da3": None},
        ("https://zenodo.org/records/3239543/files/mnist_c.zip?download=1",),
    )

    corruption: Literal[
        "identity", "shot_noise", "impulse_noise", "glass_blur", "motion_blur", "shear", "scale", "rotate",
        "brightness", "translate", "stripe", "fog", "spatter", "dotted_line", "zigzag", "canny_edges",
    ] = Field(description="name of the corruption, as the archive has it")  # fmt: skip

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        images, labels = self.found(*(f"{self.corruption}/test_{what}.npy" for what in ("images", "labels")))
        return images.reshape(images.shape[:3]) if images.shape[3:] == (1,) else images, labels
