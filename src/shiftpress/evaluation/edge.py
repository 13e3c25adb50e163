"""Networks for the edge as they are stored: what is scored is what a file decodes to, and its size is the file's."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import nn

from shiftpress.core.device import here
from shiftpress.core.entropy import mask_bits
from shiftpress.core.problems import InputError
from shiftpress.core.records import Record
from shiftpress.core.splits import Split
from shiftpress.core.tensors import State
from shiftpress.evaluation.cards import logits, measure
from shiftpress.evaluation.cells import Cell, record, score
from shiftpress.packing.compressed import AnyCard, unpack_any
from shiftpress.packing.integer import IntegerNet, deployed
from shiftpress.packing.quantised import QuantisedCard
from shiftpress.pruners.base import prunable


@dataclass(frozen=True)
class Network:
    """One file: its model's name without the classifier's, and its bytes."""

    name: str
    data: bytes

    @cached_property
    def card(self) -> AnyCard:
        """What it holds."""
        return unpack_any(self.data)

    @cached_property
    def net(self) -> nn.Module:
        """What it decodes to, images (N, C, H, W) in [0, 1] -> logits; one that rounds does so in float32.

        On the device of the job.
        """
        return self.card.net().to(here())

    @property
    def fastest(self) -> nn.Module:
        """The same on this machine's processor: in whole numbers, if it is rounded and there are kernels for it."""
        return deployed(self.card.quantised) if isinstance(self.card, QuantisedCard) else self.card.net()

    @property
    def sizes(self) -> dict[str, float]:
        """``disk_bytes`` of the file, ``numbers`` that logits depend on, and their ``bits``.

        With scales and grids, and with what it takes to say which weights are kept.
        """
        if isinstance(self.card, QuantisedCard):
            count, bits = self.card.quantised.numbers, self.card.quantised.bits
        else:
            layers = [(weight.numel(), int(weight.count_nonzero())) for weight in prunable(self.net).values()]
            count = sum(tensor.numel() for tensor in self.net.state_dict().values() if tensor.is_floating_point())
            count -= sum(whole - kept for whole, kept in layers)
            bits = 32 * count + mask_bits(layers)
        return {"disk_bytes": float(len(self.data)), "numbers": float(count), "bits": float(bits)}


def networks(seed: int, files: Iterable[State]) -> Iterator[Network]:
    """The networks of a seed in some files, each a vector of bytes under ``<seed>/<method>/<percent>``."""
    for tensors in files:
        for name, data in tensors.items():
            own, _, model = name.partition("/")
            if own == str(seed):
                yield Network(model, data.numpy().tobytes())


def others(
    network: Network, found: Mapping[str, Network], plan: Mapping[str, tuple[str, str]]
) -> tuple[nn.Module | None, nn.Module | None]:
    """Of a network that rounds, the one that it was made from, and the same without rounding activations.

    None for others: their own gradients hide nothing. ``plan`` says what each is made from.
    """
    if not isinstance(network.card, QuantisedCard):
        return None, None
    return found[plan[network.name][0]].net, network.card.quantised.twin().to(here())


def of_network(network: Network, test: Split, shifted: Iterable[Cell], **shared: Any) -> Iterator[Record]:
    """Accuracy and calibration on the test images as they are and under each shift, and sizes."""
    clean = Cell("clean", 0.0, "regenerated", test.pixels, test.labels)
    yield from score([clean, *(cell for cell in shifted if cell.shift != "clean")], measure(network.net), **shared)
    yield from _in_whole_numbers(network, clean, **shared)
    for metric, value in network.sizes.items():
        place = {"shift": "storage", "severity": 0.0, "source": "regenerated", "n": 1}
        yield Record(metric=metric, value=value, **place, **shared)


def _in_whole_numbers(network: Network, clean: Cell, **shared: Any) -> Iterator[Record]:
    """Of a rounded network on this processor: ``integer_accuracy``, and ``integer_agreement`` with the one in float32.

    Nothing if there are no kernels for it; those that there are, are the processor's, whatever device the job is on.
    """
    if not isinstance(network.card, QuantisedCard):
        return
    try:
        integer = IntegerNet(network.card.quantised)
    except InputError:
        return
    ours, theirs = logits(integer, clean.images.cpu()).argmax(1), logits(network.net, clean.images).argmax(1)
    for metric, right in (("integer_accuracy", clean.labels), ("integer_agreement", theirs)):
        yield record(clean, metric, float((ours == right.cpu()).to(torch.float64).mean()), **shared)
