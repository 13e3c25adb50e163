"""SVHN: 99,289 house numbers from street photographs, cropped to one digit each."""

from collections.abc import Iterator

import numpy as np

from shiftpress.core.problems import InputError, told
from shiftpress.core.sources import Source
from shiftpress.datasets._fetched import Fetched
from shiftpress.datasets.base import Card, Item, Part

HOST = "http://ufldl.stanford.edu/housenumbers/"


class Svhn(Fetched):
    """The cropped digits without the extra part; digits beside the one that counts are left in the picture."""

    card = Card(
        title="Street View House Numbers, cropped digits",
        origin=HOST,
        licence=f"custom terms (non-commercial use), {HOST}",
        citation="Netzer et al. 2011, Reading Digits in Natural Images with Unsupervised Feature Learning",
        parts={"train": Part(73_257), "test": Part(26_032)},
    )
    classes = tuple("0123456789")
    native = (3, 32, 32)
    published = (
        Source(
            "train_32x32.mat",
            {"md5:e26dedcc434d2e4c54c9b2d4a06d8373": 182_040_794},
            (f"{HOST}train_32x32.mat",),
        ),
        Source("test_32x32.mat", {"md5:eb5a983be6a315427106f1b164d9cef3": 64_275_384}, (f"{HOST}test_32x32.mat",)),
    )

    def items(self) -> Iterator[Item]:
        from scipy.io import loadmat  # slow to import, and every plan of a study looks at this kind

        for part, path in zip(("train", "test"), self.raw, strict=True):
            try:
                table = loadmat(path, variable_names=["X", "y"])
                images, labels = table["X"], table["y"].ravel()
            except Exception as error:  # scipy raises whatever it likes on damaged files
                raise InputError(f"{path}: not a file of images X and labels y: {told(error)}") from None
            if images.dtype != np.uint8 or images.shape != (32, 32, 3, len(labels)):
                raise InputError(f"{path}: X is {images.dtype} {images.shape} for {len(labels)} labels")
            for number, label in enumerate(labels.tolist()):
                yield Item(images[..., number], label % 10, part)  # a zero is written as 10
