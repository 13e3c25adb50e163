"""How attacks of the package ``pyautoattack`` are called."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from shiftpress.attacks.base import BallAttack, Chance
from shiftpress.core.problems import InputError

NORMS = {"linf": "Linf", "l2": "L2"}
QUIET = logging.getLogger("shiftpress.attacks")
QUIET.setLevel(logging.ERROR)
"""The package warns of every batch with a zero gradient; we count them."""


class PackageAttack(BallAttack):
    """One attack of the package, seeded before each batch as its own evaluation does.

    Its random numbers belong to a batch, not to an image: they repeat for the same images in the same batches.
    """

    def runner(self, net: nn.Module, eps: float, seed: int, device: torch.device):
        """The package's attack; it has a method ``perturb(images, labels)``."""
        raise NotImplementedError

    def moved(self, net: nn.Module, images: Tensor, labels: Tensor, strength: float, chance: Chance) -> Tensor:
        if strength == 0:  # the package divides by the radius, or searches beyond it
            return images.clone()
        with leaving_generators(images.device), torch.no_grad():
            return self.runner(net, strength, chance.seed, images.device).perturb(images, labels).detach()


@contextmanager
def leaving_generators(device: torch.device) -> Iterator[None]:
    """torch's global generators are as before afterwards; the package seeds them."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield


def targets_of(net: nn.Module, images: Tensor, most: int, least: int = 4) -> int:
    """How many wrong classes are aimed at. Raises InputError for networks of too few classes for a targeted loss."""
    with torch.no_grad():
        classes = net(images[:1]).shape[1]
    if classes < least:
        raise InputError(
            f"This attack needs {least} classes, and the network has {classes}; leave it out of the study."
        )
    return min(most, classes - 1)
