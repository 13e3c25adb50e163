"""Contract of a codec."""

from abc import abstractmethod
from typing import ClassVar

from shiftpress.core.codecnet import CodecNet, Structure
from shiftpress.core.component import Component
from shiftpress.core.splits import Shape


class Codec(Component):
    """A kind of codec; ``build`` makes an untrained one."""

    title: ClassVar[str]
    structure: ClassVar[Structure] = "single"

    @abstractmethod
    def build(self, shape: Shape) -> CodecNet:
        """A new network for images of shape (C, H, W), its weights from torch's global generator."""

    @abstractmethod
    def rate(self, shape: Shape) -> float | None:
        """Bits per image, if the rate is fixed before training."""

    def misfit(self, shape: Shape) -> str | None:
        """Why images of this shape cannot be coded, or nothing."""
        return None
