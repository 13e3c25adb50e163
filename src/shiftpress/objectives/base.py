"""Contract of a training objective for codecs."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from shiftpress.core.codecnet import CodecNet, Settling, Structure
from shiftpress.core.component import Component, Name
from shiftpress.core.tensors import State


@dataclass(frozen=True)
class Step:
    """Where training is, and its random numbers."""

    number: int
    total: int
    random: torch.Generator

    @property
    def done(self) -> float:
        """Share of the steps that lie behind."""
        return self.number / self.total


class Objective(Component):
    """How a batch of images becomes a loss."""

    title: ClassVar[str]
    structures: ClassVar[frozenset[Structure]] = frozenset({"single"})
    """Kinds of code it can train; the study pairs it with those codecs alone."""

    only: list[Name] | None = Field(None, min_length=1, description="names of codecs to train; none means all it can")

    def memory(self) -> State:
        """What it keeps from step to step, by name; float64 scalars, stored with the weights."""
        return {}

    @abstractmethod
    def loss(self, net: CodecNet, images: Tensor, step: Step, memory: State) -> tuple[Tensor, Tensor]:
        """A scalar to descend, and the bits (N,) of the images, for a codec in training mode.

        Images are (N, C, H, W) in [0, 1]. May change ``memory`` in place.
        """


def mean_loss(net: CodecNet, images: Tensor, stage: str | None = None) -> tuple[Tensor, Tensor]:
    """What most objectives end with: the mean loss of some images, and their bits."""
    losses, coded = net.loss(images) if stage is None else net.loss(images, stage)
    return losses.mean(), coded.bits.detach()


@contextmanager
def held(net: CodecNet) -> Iterator[None]:
    """The network as its user will see it, its weights out of reach of gradients: for inner maximisations."""
    layers, weights = list(net.modules()), list(net.parameters())
    settling = [layer for layer in layers if isinstance(layer, Settling)]
    _switch(layers, weights, training=False)
    for layer in settling:
        layer.settle()
    try:
        yield
    finally:
        for layer in settling:
            layer.unsettle()
        _switch(layers, weights, training=True)


def _switch(layers: list[nn.Module], weights: list[nn.Parameter], training: bool) -> None:
    """``train`` or ``eval``, and ``requires_grad_``, of what was looked up once: searching takes most of their time."""
    for layer in layers:
        layer.training = training
    for weight in weights:
        weight.requires_grad_(training)
