"""What decks are made of: cards out of their packed bytes, augmented training images for the gates, and bytes."""

from collections.abc import Container, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from shiftpress.augmentations.base import Augmentation
from shiftpress.core.decks import Deck, Member
from shiftpress.core.device import here
from shiftpress.core.diverged import all_diverged
from shiftpress.core.records import Record
from shiftpress.core.seeds import seed_for
from shiftpress.core.splits import Split
from shiftpress.core.tensors import State
from shiftpress.evaluation.decks import Dealt, Table
from shiftpress.gates.base import Gate
from shiftpress.packing.card import unpack
from shiftpress.packing.sizes import sizes

CONVENTIONS = {"disk_bytes": "disk", "bytes_nonzero": "nonzero", "bytes_bitmap": "bitmap", "bytes_entropy": "entropy"}
"""Ways to count a deck's bytes, and what its share of a dense network's is called."""


def laid_out(
    files: Mapping[str, bytes],
    decks: Mapping[str, Deck],
    gates: Mapping[str, Gate],
    bank: Mapping[str, Tensor],
    missing: Container[str] = (),
) -> Table:
    """The table of one seed: members loaded from their packed files, gates that have learned from the bank.

    Of decks that are ``missing`` a card, the others lie there by themselves.
    """
    members = [(name, member.key) for name, deck in decks.items() for member in deck.members]
    needed = list(dict.fromkeys(key for name, key in members if name not in missing or key in files))
    nets = {key: unpack(files[key]).net().to(here(), memory_format=torch.channels_last) for key in needed}
    dealt = [
        Dealt(
            name,
            [needed.index(member.key) for member in deck.members],
            tuple(member.augmentation for member in deck.members),
            list(gates) if deck.gates == "all" else deck.gates,
        )
        for name, deck in decks.items()
        if name not in missing
    ]
    kept = {name: gate.learn(bank) for name, gate in gates.items()}
    return Table(nets, dealt, gates, kept)


def bank_of(
    train: Split, dataset: str, augmentations: Mapping[str, Augmentation], count: int, seed: int
) -> dict[str, Tensor]:
    """The same training images, ``count`` of them drawn at random, under every augmentation: (count, C, H, W)."""
    random = torch.Generator().manual_seed(seed_for(seed, "bank", dataset))
    rows = torch.randperm(len(train), generator=random)[:count]
    return varied(train[rows], dataset, augmentations, seed)


def varied(part: Split, dataset: str, augmentations: Mapping[str, Augmentation], seed: int) -> dict[str, Tensor]:
    """The images of a split under every augmentation, in their order."""
    found = {}
    for name, augmentation in augmentations.items():
        random = torch.Generator().manual_seed(seed_for(seed, "varied", dataset, name))
        # of several views the first may be the image as it is
        found[name] = augmentation.of(dataset, part.pixels, random)[-1]
    return found


def files_of(packed: State, seed: int) -> dict[str, bytes]:
    """The packed cards of one seed, by the key of the member."""
    start = f"{seed}/"
    return {
        name.removeprefix(start): tensor.numpy().tobytes() for name, tensor in packed.items() if name.startswith(start)
    }


def incomplete(decks: Mapping[str, Deck], packed: State, seed: int) -> dict[str, int]:
    """Decks of a seed with a card whose training diverged, and the first step at which one did."""
    steps = all_diverged(seed, packed)
    own = {name: [steps[member.key] for member in deck.members if member.key in steps] for name, deck in decks.items()}
    return {name: min(found) for name, found in own.items() if found}


def of_deck_storage(name: str, members: list[Member], files: Mapping[str, bytes], **shared: Any) -> Iterator[Record]:
    """Bytes of a deck, which is the files of its cards, and what share they are of one dense network in 32 bits."""
    counted = [sizes(files[member.key]) for member in members]
    place = {"shift": "storage", "severity": 0.0, "source": "regenerated", "n": 1, "model": name}
    dense = sum(one["bytes_dense"] for one in counted) / len(counted)
    yield Record(metric="bytes_dense", value=dense, **place, **shared)
    for member in members:
        yield Record(metric=f"card/{member.key}", value=1.0, **place, **shared)
    for metric, word in CONVENTIONS.items():
        total = sum(one[metric] for one in counted)
        yield Record(metric=metric, value=total, **place, **shared)
        yield Record(metric=f"{word}_per_dense", value=total / dense, **place, **shared)
