"""Compressed networks as they are stored: what is scored is what a file decodes to, and its size is the file's."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from shiftpress.core.device import here
from shiftpress.core.factors import PARTS, Factors
from shiftpress.core.records import Record
from shiftpress.core.splits import Split
from shiftpress.core.tensors import State
from shiftpress.evaluation.cards import measure
from shiftpress.evaluation.cells import Cell, score
from shiftpress.packing.accounting import accounts
from shiftpress.packing.card import blank
from shiftpress.packing.compressed import AnyCard, pack_either, unpack_any
from shiftpress.packing.layout import layout
from shiftpress.packing.payload import elsewhere


@dataclass(frozen=True)
class Stored:
    """A card file, plain or of factors, and what it decodes to."""

    data: bytes
    card: AnyCard

    @classmethod
    def of(
        cls,
        state: State,
        kind: str,
        fields: dict[str, Any],
        shape: tuple[int, int, int],
        classes: int,
        *,
        free: bool,
    ) -> "Stored":
        """The file of a compressed network's state, in which weights may stand as factors."""
        data = pack_either(state, kind, fields, shape, classes, free=free)
        return cls(data, unpack_any(data))

    def net(self) -> nn.Module:
        """The classifier in evaluation mode, images (N, C, H, W) in [0, 1] -> logits; on the device of the job."""
        return self.card.net().to(here())

    def sizes(self) -> dict[str, float]:
        """What ``packing.accounting`` says of its matrices."""
        places = layout(blank(self.card.facts))
        matrices = [t.numpy() for name, t in self.card.state.items() if "/" in name or name in places.weights]
        found = accounts([m.astype(np.float32) for m in matrices], sum(places.sizes), len(self.data), elsewhere(places))
        return found | self._beside()

    def _beside(self) -> dict[str, float]:
        """Of networks with a remainder, the share of entries that are not in the matrix that began as the weights.

        Without any, they are pruned networks under another name.
        """
        kept, own, state = 0, 0, self.card.state
        for name in (n.removesuffix("/rest") for n in state if n.endswith("/rest")):
            parts = Factors(*(state[f"{name}/{part}"] for part in PARTS), self.card.facts.free)
            counts = [int(matrix.count_nonzero()) for matrix in parts.matrices]
            kept, own = kept + sum(counts), own + counts[parts.bearing[0]]
        return {"entries_beside": 1 - own / kept} if kept else {}


def on_images(stored: Stored, test: Split, shifted: Iterable[Cell], **shared: Any) -> Iterator[Record]:
    """Accuracy and calibration on test images as they are, and under shifts."""
    clean = Cell("clean", 0.0, "regenerated", test.pixels, test.labels)
    return score([clean, *(cell for cell in shifted if cell.shift != "clean")], measure(stored.net()), **shared)


def of_size(stored: Stored, **shared: Any) -> Iterator[Record]:
    """Size of the file, and by every way of counting."""
    place = {"shift": "storage", "severity": 0.0, "source": "regenerated", "n": 1}
    for metric, value in stored.sizes().items():
        yield Record(metric=metric, value=value, **place, **shared)
