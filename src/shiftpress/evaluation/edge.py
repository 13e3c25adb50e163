"""Networks for the edge as they are stored: what is scored is what a file decodes to, and its size is the file's."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

from shiftpress.core.records import Record
from shiftpress.core.splits import Split
from shiftpress.core.tensors import State
from shiftpress.evaluation.cards import measure
from shiftpress.evaluation.cells import Cell, score
from shiftpress.packing.card import unpack


@dataclass(frozen=True)
class Network:
    """One file: its model's name without the classifier's, and its bytes."""

    name: str
    data: bytes

    @property
    def net(self) -> nn.Module:
        """What it decodes to, images (N, C, H, W) in [0, 1] -> logits."""
        return unpack(self.data).net()


def networks(seed: int, files: Iterable[State]) -> Iterator[Network]:
    """The networks of a seed in some files, each a vector of bytes under ``<seed>/<method>/<percent>``."""
    for tensors in files:
        for name, data in tensors.items():
            own, _, model = name.partition("/")
            if own == str(seed):
                yield Network(model, data.numpy().tobytes())


def of_network(network: Network, test: Split, shifted: Iterable[Cell], **shared: Any) -> Iterator[Record]:
    """Accuracy and calibration on the test images as they are and under each shift, and sizes."""
    net = network.net
    clean = Cell("clean", 0.0, "regenerated", test.pixels, test.labels)
    yield from score([clean, *(cell for cell in shifted if cell.shift != "clean")], measure(net), **shared)
    for metric, value in sizes(network, net).items():
        place = {"shift": "storage", "severity": 0.0, "source": "regenerated", "n": 1}
        yield Record(metric=metric, value=value, **place, **shared)


def sizes(network: Network, net: nn.Module) -> dict[str, float]:
    """``disk_bytes`` of the file, ``parameters`` that are trained, and ``bits`` of them all, with scales."""
    count = sum(parameter.numel() for parameter in net.parameters())
    return {"disk_bytes": float(len(network.data)), "parameters": float(count), "bits": 32.0 * count}
