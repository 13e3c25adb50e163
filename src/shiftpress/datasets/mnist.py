"""MNIST: 70,000 handwritten digits, the whole of it."""

from shiftpress.datasets._idx import IdxImages, idx_files
from shiftpress.datasets.base import Card, Part


class Mnist(IdxImages):
    """Digits of American students and census workers; the test part has other writers than the training part."""

    card = Card(
        title="MNIST",
        origin="http://yann.lecun.com/exdb/mnist/",
        licence="custom terms, http://yann.lecun.com/exdb/mnist/",
        citation="LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to document recognition",
        parts={"train": Part(60_000), "test": Part(10_000)},
    )
    classes = tuple("0123456789")
    published = idx_files(
        hosts=("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"),
        accepted=(
            {"md5:f68b3c2dcbeaaa9fbdd348bbdeb94873": 9_912_422},
            {"md5:d53e105ee54ea40749a09fcbcd1e9432": 28_881},
            {"md5:9fb629c4189551a2d022fa330f9573f3": 1_648_877},
            {"md5:ec29112dd5afa0611ce80d1b7f02629c": 4_542},
        ),
    )
