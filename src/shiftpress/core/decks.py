"""What a deck is: cards by name, how many copies of each, and the gates that weigh them."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from shiftpress.core.component import Choice, Component

DENSE = "dense"
FORM = "classifier/augmentation/pruner/percent, or classifier/augmentation/dense"
Bits = Literal[1, 16, 32]


def _formed(card: str) -> str:
    words = card.split("/")
    if len(words) not in (3, 4) or (words[2] == DENSE) != (len(words) == 3):
        raise ValueError(f"{card!r} names no card; write {FORM}")
    return card


@dataclass(frozen=True)
class Member:
    """One card of a deck: ``classifier/augmentation/pruner/percent`` or ``classifier/augmentation/dense``, and a copy.

    Copies differ in their seed alone. Copy 0 has the seed of the run: it is the study's own card of that name. ``bits``
    are those of a kept weight in the packed file; none: the fewest that lose nothing.
    """

    card: str
    copy: int
    bits: Bits | None = None

    @classmethod
    def of(cls, key: str) -> "Member":
        """The member of a key."""
        name, _, bits = key.partition("@")
        card, _, copy = name.rpartition("/")
        return cls(card, int(copy), int(bits) if bits else None)

    @property
    def key(self) -> str:
        """Its name in records and files."""
        return f"{self.card}/{self.copy}" + (f"@{self.bits}" if self.bits else "")

    @property
    def classifier(self) -> str:
        return self.card.split("/")[0]

    @property
    def augmentation(self) -> str:
        """The group that a gate sees it in."""
        return self.card.split("/")[1]

    @property
    def pruner(self) -> str:
        """Or ``dense``."""
        return self.card.split("/")[2]

    @property
    def network(self) -> str:
        """Classifier, augmentation and pruner: what one file holds for some seeds."""
        return "/".join(self.card.split("/")[:3])

    @property
    def level(self) -> str:
        """Sparsity in percent, as it stands in the names of tensors."""
        return "0" if self.pruner == DENSE else self.card.split("/")[3]


class Deck(Component):
    """Cards that classify together, and what weighs them. Decks of different seeds share no card."""

    cards: list[Annotated[str, AfterValidator(_formed)]] = Field(
        min_length=1, max_length=100, description="classifier/augmentation/pruner/percent, or dense for the last two"
    )
    copies: int = Field(3, ge=1, le=100, description="of each card, trained alike with seeds of their own")
    bits: Bits | None = Field(
        None, description="of a kept weight in the packed files; none: the fewest that lose nothing"
    )
    gates: Choice = Field("all", description="those of study.gates that are put before it")

    @field_validator("cards")
    @classmethod
    def _unique(cls, cards: list[str]) -> list[str]:
        if len(set(cards)) < len(cards):
            raise ValueError("a card stands twice in the list; raise copies instead")
        return cards

    @property
    def members(self) -> list[Member]:
        """Every card it holds."""
        return [Member(card, copy, self.bits) for card in self.cards for copy in range(self.copies)]


class Budgets(Component):
    """Decks put together for bytes: of all cards of a seed, those that do best on validation images."""

    bytes: list[Annotated[int, Field(ge=1)]] = Field([], description="bytes of packed cards allowed; none: no search")
    most: int = Field(6, ge=1, le=100, description="most cards in such a deck")
