"""Training that came to numbers that are none: marked in weights and records, and never scored."""

from collections.abc import Mapping

import torch
from torch import Tensor

from shiftpress.core.problems import InputError

MARK = "diverged"
"""In weight files, before the name of a network that has no weights."""


class Diverged(InputError):
    """A training met infinities or no numbers, went back to its last good state, and met them again.

    A fault of the machine does not come twice; a fault of the recipe does, since training repeats to the last bit.
    """

    def __init__(self, what: str, step: int):
        self.step = step
        text = f"DIVERGED: the training of {what} met no finite number at step {step}, twice from the same state"
        super().__init__(f"{text}; lower its lr in fit")


def marked(name: object, step: int) -> dict[str, Tensor]:
    """What stands in a file of weights in place of those of a network."""
    return {f"{MARK}/{name}": torch.tensor(step)}


def diverged_at(name: object, tensors: Mapping[str, Tensor]) -> int | None:
    """The step at which the training of a network diverged, if it did."""
    found = tensors.get(f"{MARK}/{name}")
    return None if found is None else int(found)


def all_diverged(prefix: object, tensors: Mapping[str, Tensor]) -> dict[str, int]:
    """Of networks whose names begin with ``prefix/``, those whose training diverged: the rest of the name, the step."""
    start = f"{MARK}/{prefix}/"
    return {name.removeprefix(start): int(step) for name, step in tensors.items() if name.startswith(start)}


def finite(*tensors: Tensor) -> bool:
    """Whether all numbers are."""
    return all(bool(tensor.isfinite().all()) for tensor in tensors)
