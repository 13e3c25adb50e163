"""Contract of a gate."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from shiftpress.core.component import Component
from shiftpress.core.tensors import State

Reads = Literal["images", "logits", "labels"]
"""What a gate may look at; whatever stands later in the list has all that comes before."""


@dataclass(frozen=True)
class Seen:
    """What a gate is shown: N test images in batches of ``batch``, consecutive ones together, the last maybe shorter.

    ``groups`` names every member's augmentation. ``features`` (N, ...) is what the gate itself made of the images.
    Logits (members, N, K) and labels (N,) are there for those alone that say so.
    """

    groups: tuple[str, ...]
    features: Tensor
    batch: int
    random: torch.Generator
    logits: Tensor | None = None
    labels: Tensor | None = None

    @property
    def names(self) -> list[str]:
        """Each group once, in the order of the members."""
        return list(dict.fromkeys(self.groups))

    def means(self, values: Tensor) -> Tensor:
        """The mean of values (N, D) over each batch, (batches, D)."""
        whole = len(values) // self.batch * self.batch
        found = [values[:whole].unflatten(0, (-1, self.batch)).mean(1)] if whole else []
        return torch.cat([*found, *([values[whole:].mean(0, keepdim=True)] if whole < len(values) else [])])

    def spread(self, rows: Tensor) -> Tensor:
        """A row (batches, D) for every image of its batch, (N, D)."""
        return rows.repeat_interleave(self.batch, 0)[: len(self.features)]

    def over_members(self, shares: Tensor) -> Tensor:
        """Shares of the groups (N, groups) as weights of the members (N, members): those of a group weigh alike."""
        names = self.names
        counts = [self.groups.count(group) for group in self.groups]
        places = torch.tensor([names.index(group) for group in self.groups], device=shares.device)
        return shares[:, places] / torch.tensor(counts, device=shares.device)


class Gate(Component):
    """Says for each test image how much every card of a deck counts.

    It is shown images, never their labels or the names of their files, unless it ``reads`` more: then it is a baseline
    (logits cost a forward pass of every card) or a bound that nobody can deploy (labels).
    """

    title: ClassVar[str]
    reads: ClassVar[Reads] = "images"
    repeats: ClassVar[bool] = True
    """Whether an image gets the same weights wherever it stands in its batch."""

    average: Literal["probabilities", "logits"] = Field(
        "probabilities", description="what is averaged over the cards; the released decks first had logits"
    )

    @property
    def sizes(self) -> list[int]:
        """Sizes of the batches it looks at, each of which makes a model of its own; none if batches do not matter."""
        return []

    def look(self, images: Tensor) -> Tensor:
        """What it takes from test images (N, C, H, W) in [0, 1], image by image: (N, ...)."""
        return images.new_zeros(len(images), 0)

    def learn(self, bank: Mapping[str, Tensor]) -> State:
        """Tensors to keep from training images (N, C, H, W) under every augmentation of the deck, by its name."""
        return {}

    @abstractmethod
    def weights(self, seen: Seen, kept: State) -> Tensor:
        """Weights (N, members) of every card for every image: not negative, each row adding up to one."""

    def softly(self, seen: Seen, kept: State) -> Tensor:
        """Weights like those, through which gradients lead to what was seen: for attacks on the gate itself.

        By default the weights as they are, for gates whose weights are smooth or do not depend on the image.
        """
        return self.weights(seen, kept)


class BatchGate(Gate):
    """Looks at a batch of images, which is taken to be of one domain, to choose groups for all of them."""

    batches: list[Annotated[int, Field(ge=1, le=100_000)]] = Field(
        [1, 10, 100], min_length=1, max_length=20, description="sizes of the batches it is tried with"
    )

    @property
    def sizes(self) -> list[int]:
        return self.batches


def hardest(scores: Tensor, count: int = 1) -> Tensor:
    """Shares (N, groups) that the groups with the ``count`` largest scores have alike; of ties the earlier."""
    count = min(count, scores.shape[1])
    # a stable sort, so that equal scores are settled in the same way everywhere
    best = scores.argsort(dim=1, descending=True, stable=True)[:, :count]
    return torch.zeros_like(scores).scatter_(1, best, 1.0 / count)


def blend(weights: Tensor, logits: Tensor, average: str) -> Tensor:
    """Probabilities (N, K) float64 of a deck from weights (N, members) and logits (members, N, K)."""
    rows = weights.double().T[..., None]
    if average == "logits":
        return (rows * logits.double()).sum(0).softmax(1)
    return (rows * logits.double().softmax(2)).sum(0)
