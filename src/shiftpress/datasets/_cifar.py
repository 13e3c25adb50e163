"""The CIFAR family: pickled batches in a tar, read by ``core/unpickle.py``."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from shiftpress.core.contents import members
from shiftpress.core.problems import InputError
from shiftpress.core.unpickle import read_pickled
from shiftpress.datasets._fetched import Fetched
from shiftpress.datasets.base import Item


class Batches(Fetched):
    """Colour photographs of 32 x 32 pixels."""

    native = (3, 32, 32)
    batches: ClassVar[dict[str, Literal["train", "test"]]]
    """Files of the archive in their order, and the part that each belongs to."""
    label_key: ClassVar[str]

    def items(self) -> Iterator[Item]:
        found = {m.name.name: m.read() for m in members(self.raw[0]) if m.name.name in self.batches}
        for name, part in self.batches.items():
            where = f"{self.raw[0]}: {name}"
            if name not in found:
                raise InputError(f"{where} is not in the archive")
            batch = read_pickled(found.pop(name), where)
            for pixels, label in zip(*self._checked(batch, where), strict=True):
                yield Item(pixels.reshape(3, 32, 32).transpose(1, 2, 0), label, part)

    def _checked(self, batch: Any, where: str) -> tuple[Any, Any]:
        """Rows of 3,072 pixels, the red ones first, and as many labels."""
        pixels, labels = (batch.get(key) if isinstance(batch, dict) else None for key in ("data", self.label_key))
        whole = getattr(pixels, "dtype", None) == "uint8" and pixels.ndim == 2 and pixels.shape[1] == 3072
        if not whole or not isinstance(labels, list) or len(labels) != len(pixels):
            raise InputError(f"{where} is no batch of images and {self.label_key}")
        if not all(type(label) is int for label in labels):
            raise InputError(f"{where}: a label is no number")
        return pixels, labels
