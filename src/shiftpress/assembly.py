"""Builds components from params entries, and says what a study brings together."""

from fnmatch import fnmatchcase
from typing import Any

from shiftpress.core.catalog import component
from shiftpress.core.edge import named
from shiftpress.core.params import Entry, Params


def build(family: str, entry: Entry | dict[str, Any]) -> Any:
    """The component that a params entry describes; the same one for equal entries, as none ever changes."""
    entry = Entry.model_validate(entry)
    key = family, entry.model_dump_json()
    if key not in _BUILT:
        _BUILT[key] = component(family, entry.kind)(**entry.fields)
    return _BUILT[key]


_BUILT: dict[tuple[str, str], Any] = {}


def unfit(params: Params, family: str, name: str, dataset: str) -> str | None:
    """Why a codec or classifier of the study cannot take a dataset's images, and how to mend it, or nothing."""
    shape = build("datasets", params.datasets[dataset]).shape
    if reason := build(family, getattr(params, family)[name]).misfit(shape):
        return f"cannot take the images of dataset {dataset!r}: {reason}; set size on the dataset"
    return None


def trained_codecs(params: Params) -> list[tuple[str, str]]:
    """Names of every codec and objective that the study trains together: those that fit."""
    objectives = {name: build("objectives", params.objectives[name]) for name in params.chosen("objectives")}
    codecs = {name: component("codecs", params.codecs[name].kind) for name in params.chosen("codecs")}
    return [
        (codec, name)
        for codec, kind in codecs.items()
        for name, objective in objectives.items()
        if kind.structure in objective.structures and codec in (objective.only or [codec])
    ]


def trained_cards(params: Params) -> list[tuple[str, str, str]]:
    """Names of every classifier, augmentation and pruner that the study brings together.

    The pruner ``dense`` is a classifier unpruned.
    """
    pruners = {name: build("pruners", params.pruners[name]) for name in params.chosen("pruners")}
    patterns = ["*"] if params.study.cards == "all" else params.study.cards
    return [
        (classifier, augmentation, name)
        for classifier in params.chosen("classifiers")
        for name in ["dense", *(n for n, pruner in pruners.items() if classifier in (pruner.only or [classifier]))]
        for augmentation in params.chosen("augmentations")
        if _like(f"{classifier}/{augmentation}/{name}", patterns)
    ]


def compressed_classifiers(params: Params) -> list[tuple[str, str, str]]:
    """Names of every dataset, classifier and compressor that the study brings together."""
    compressors = {name: build("compressors", params.compressors[name]) for name in params.chosen("compressors")}
    return [
        (dataset, classifier, name)
        for dataset, classifier in params.compressed()
        for name, compressor in compressors.items()
        if classifier in (compressor.only or [classifier])
    ]


def attacked(params: Params, shift: str) -> list[str]:
    """Names of the models that a white-box shift of the study is made against."""
    made, models = build("shifts", params.shifts[shift]), models_of(params)
    return [model for phase in made.phases for model in models[phase] if _like(model, made.models)]


def attacks_on(params: Params, phase: str, dataset: str, model: str) -> list[str]:
    """Names of the study's attacks on a network; those of one file are attacked alike, whatever level or ratio."""
    attacks = {name: build("attacks", params.attacks[name]) for name in params.chosen("attacks")}
    return [
        name
        for name, attack in attacks.items()
        if dataset in (attack.only or [dataset]) and phase in attack.phases and _like(model, attack.models)
    ]


def models_of(params: Params) -> dict[str, list[str]]:
    """By phase, names of the models that the study trains or puts together."""
    return {
        "codecs": ["/".join(pair) for pair in trained_codecs(params)],
        "cards": ["/".join(card) for card in trained_cards(params)],
        "decks": _gated_decks(params),
        "edge": [f"{size}/{name}" for size in params.edge.sizes for name in edge_methods(params)],
        "atmc": list(dict.fromkeys(f"{c}/{name}" for _, c, name in compressed_classifiers(params))),
    }


def edge_methods(params: Params) -> list[str]:
    """Names of the methods of the phase edge; none if the study leaves it out."""
    return named(params.edge, params.chosen("filters"), params.chosen("quantizers")) if params.study.edge else []


def _gated_decks(params: Params) -> list[str]:
    """Decks behind each gate that can be attacked, and their cards: gates that read labels or guess are left out."""
    kinds = {name: component("gates", params.gates[name].kind) for name in params.chosen("gates")}
    gates = [name for name, kind in kinds.items() if kind.reads != "labels" and kind.repeats]
    decks = {name: params.decks[name] for name in params.chosen("decks")}
    behind = [f"{deck}/{g}" for deck in decks for g in gates if decks[deck].gates == "all" or g in decks[deck].gates]
    return [*behind, *(member.key for member in params.members())]


def _like(model: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(model, pattern) for pattern in patterns)


def partners(params: Params, shift: Any, family: str) -> list[str]:
    """Names of entries that a shift is made with, besides the test set; parts of a composition have theirs."""
    wanted = shift.needs()
    parts = [build("shifts", params.shifts[name]) for name in wanted.get("shifts", [])]
    names = [*wanted.get(family, []), *(name for part in parts for name in part.needs().get(family, []))]
    return list(dict.fromkeys(names))


def datasets_read(params: Params) -> list[str]:
    """Names of all datasets that a study reads: its own, and those that a shift puts in the place of one of them."""
    own = params.chosen("datasets")
    shifts = [build("shifts", params.shifts[name]) for name in params.chosen("shifts")]
    used = [shift for shift in shifts if not shift.only or set(shift.only) & set(own)]
    return list(dict.fromkeys([*own, *(name for shift in used for name in partners(params, shift, "datasets"))]))
