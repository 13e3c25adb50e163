"""Checks of the decks of a study: what they name must be there and go together."""

from collections.abc import Iterator

from shiftpress.core.catalog import component
from shiftpress.core.decks import DENSE
from shiftpress.core.layers import Layers
from shiftpress.core.params import Params
from shiftpress.core.problems import Problem, suggestion


def deck_problems(params: Params, layers: Layers) -> list[Problem]:
    """Names in the decks of the study of nothing that fits."""
    found = []
    for name in params.chosen("decks"):
        deck = params.decks[name]
        for place, card in enumerate(deck.cards):
            found += [layers.problem(("decks", name, "cards", place), text) for text in _of_card(params, card)]
        for place, gate in enumerate([] if deck.gates == "all" else deck.gates):
            if gate not in params.chosen("gates"):
                text = f"{gate!r} is not in study.gates.{suggestion(gate, params.chosen('gates'))}"
                found.append(layers.problem(("decks", name, "gates", place), text))
    return found


def _of_card(params: Params, card: str) -> Iterator[str]:
    words = card.split("/")
    families = ("classifiers", "augmentations", "pruners")
    missing = [(f, word) for f, word in zip(families, words[:3], strict=True) if word not in getattr(params, f)]
    missing = [(family, word) for family, word in missing if word != DENSE]
    for family, word in missing:
        yield f"no entry {word!r} in {family}.{suggestion(word, list(getattr(params, family)))}"
    if not missing and len(words) == 4:
        yield from _of_level(params, *words)


def _of_level(params: Params, classifier: str, augmentation: str, pruner: str, level: str) -> Iterator[str]:
    entry = params.pruners[pruner]
    built = component("pruners", entry.kind)(**entry.fields)
    levels = [f"{100 * sparsity:g}" for sparsity in built.sparsities]
    if level not in levels:
        yield f"{pruner!r} makes no card of {level} %.{suggestion(level, levels)}"
    if classifier not in (built.only or [classifier]):
        yield f"{pruner!r} is not for {classifier!r}; its classifiers are {', '.join(built.only)}"
