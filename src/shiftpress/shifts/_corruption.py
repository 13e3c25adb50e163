"""Base of the common corruptions of Hendrycks and Dietterich (2019), "Benchmarking Neural Network Robustness to Common
Corruptions and Perturbations", ICLR.

The published pipeline takes an 8-bit image, computes levels between 0 and 255, clips them and throws the fraction away.
So does this one; what a corruption is lies in the levels.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.core.problems import InputError
from shiftpress.shifts.base import Shift

Set = Literal["cifar", "imagenet", "mnist"]
LEAST_SIDE = 8
"""Kernels and crops of the published pipeline need as many pixels."""
LARGE = 64
"""Side from which an image counts as large, and takes the constants made for ImageNet."""
ROOM = 1 << 24
"""Values of the images worked on at once on a device other than the CPU, which has no small cache to stay in."""


class Corruption(Shift):
    """One of the 19 corruptions, at severities 1 to 5; 0 leaves the image as it is.

    A subclass writes ``corrupt`` and its table of constants. Those for CIFAR and ImageNet are the published ones, those
    for small grey images are ours. Images are rounded to 8 bits first. A grey image goes the way of a colour image with
    three equal channels; where a corruption brings colour in, the luma of its result is kept.
    """

    unit = "severity"
    table: ClassVar[dict[Set, Sequence[Any]]]
    """Constants of severities 1 to 5 for each kind of image."""
    monotone: ClassVar[str] = ""
    """Why the published constants need not move images further at a higher severity; empty where they do."""
    piece: ClassVar[int] = 1 << 16
    """Values worked on at once on a CPU: few enough for its second-level cache. It changes no result."""

    severities: list[Annotated[int, Field(ge=0, le=5)]] = Field(
        [1, 2, 3, 4, 5], min_length=1, max_length=6, description="severities to evaluate at; 0 is no corruption"
    )
    constants: Literal["auto", "cifar", "imagenet", "mnist"] = Field(
        "auto",
        description="strengths: published for CIFAR or ImageNet, or ours for small grey images; auto goes by the image",
    )

    def apply(self, images: Tensor, severity: float, draws: Draws) -> Tensor:
        if severity == 0:
            return images.clone()
        if min(images.shape[2:]) < LEAST_SIDE:
            height, width = images.shape[2:]
            text = f"{self.title}: sides of images must be at least {LEAST_SIDE}, not {height}x{width}"
            raise InputError(f"{text}; set size on the dataset, or name others under only of the shift")
        constants = self.table[self._set(images)][int(severity) - 1]
        done = torch.empty_like(images)
        room = self.piece if images.device.type == "cpu" else ROOM
        step = max(1, room // images[0].numel())
        order = self.order(draws)
        for start in range(0, len(images), step):
            rows = slice(start, start + step) if order is None else order[start : start + step]
            levels = self.corrupt((images[rows] * 255).round_(), constants, draws[rows])
            done[rows] = levels.clamp_(0, 255).floor_()
        return done.div_(255)

    def order(self, draws: Draws) -> Tensor | None:
        """In what order (N,) to work on images, where it pays that those together are alike. It changes no result."""
        return None

    @abstractmethod
    def corrupt(self, levels: Tensor, constants: Any, draws: Draws) -> Tensor:
        """Corrupted levels (N, C, H, W), float32 or float64, of whole float32 levels 0 to 255.

        They are clipped and rounded down afterwards, in place, as are the levels handed over: return no view of
        anything kept.
        """

    def _set(self, images: Tensor) -> Set:
        if self.constants != "auto":
            return self.constants
        if min(images.shape[2:]) >= LARGE:
            return "imagenet"
        return "mnist" if images.shape[1] == 1 else "cifar"
