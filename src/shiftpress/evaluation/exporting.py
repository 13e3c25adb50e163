"""A deck of the pipeline's results behind one of its gates, for use elsewhere."""

from dataclasses import dataclass

from shiftpress.core import paths
from shiftpress.core.catalog import component
from shiftpress.core.params import Entry, Params
from shiftpress.core.problems import InputError, suggestion
from shiftpress.core.seeds import blocks, seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.storage import DamagedArtefact
from shiftpress.core.tensors import read_tensors
from shiftpress.evaluation.hands import bank_of, files_of
from shiftpress.packing.card import Card, unpack
from shiftpress.packing.gating import Gating


@dataclass(frozen=True)
class Hand:
    """The packed cards of a deck, what they hold, and what weighs them."""

    files: list[bytes]
    cards: list[Card]
    gating: Gating


def hand(name: str, params: Params, tier: str, seed: int) -> Hand:
    """The deck ``dataset/deck/gate`` of one seed; the gate learns from the images it was scored with.

    Raises InputError.
    """
    dataset, deck, gate = _names(name, params)
    block = next((b for b in blocks(params.run.seeds, params.run.seeds_per_job) if seed in seeds_of(b)), None)
    if block is None:
        raise InputError(f"Tier {tier!r} runs no seed {seed}; its seeds are {params.run.seeds}.")
    members = params.decks[deck].members
    try:
        files = files_of(read_tensors(_path(paths.PACKED, tier, dataset, block)), seed)
        train = load_split(_path(paths.TRAIN, tier, dataset, block))
    except DamagedArtefact as error:
        raise InputError(f"{error}. Has the tier been run?") from None
    if absent := [member.key for member in members if member.key not in files]:
        raise InputError(f"The packed cards of {dataset!r} lack {absent[0]!r}; run the tier with this deck.")
    augmentations = {
        member.augmentation: _built("augmentations", params.augmentations[member.augmentation])
        for member in params.members()
    }
    chosen = _built("gates", params.gates[gate])
    kept = chosen.learn(bank_of(train, dataset, augmentations, params.analysis.gate_images, seed))
    own = [files[member.key] for member in members]
    groups = tuple(member.augmentation for member in members)
    return Hand(own, [unpack(data) for data in own], Gating(chosen, groups, kept))


def _names(name: str, params: Params) -> list[str]:
    words = name.split("/")
    if len(words) != 3:
        raise InputError(f"{name!r} names no deck; write dataset/deck/gate.")
    known = (params.datasets_of("cards"), params.chosen("decks"), params.chosen("gates"))
    for what, word, entries in zip(("dataset with cards", "deck", "gate"), words, known, strict=True):
        if word not in entries:
            raise InputError(f"The study has no {what} {word!r}.{suggestion(word, list(entries))}")
    return words


def _built(family: str, entry: Entry) -> object:
    return component(family, entry.kind)(**entry.fields)


def _path(path: str, tier: str, dataset: str, block: str) -> str:
    return path.replace("<results>", f"results/{tier}").format(dataset=dataset, seeds=block)
