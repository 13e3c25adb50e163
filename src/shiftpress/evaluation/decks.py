"""Decks: every image once through every card, and all decks and gates judged from what the cards say."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from shiftpress.core.params import Analysis
from shiftpress.core.records import Record
from shiftpress.core.seeds import seed_for
from shiftpress.core.tensors import State
from shiftpress.evaluation.calibration import brier_score, expected_calibration_error
from shiftpress.evaluation.cells import CHUNK, Cell
from shiftpress.evaluation.streams import Streams, View
from shiftpress.gates.base import Gate, Seen, blend

BEST = "best"
"""In place of a gate: the one card of a deck that is best under the corruptions, picked in hindsight."""


@dataclass(frozen=True)
class Dealt:
    """A deck: its members' places among all cards of the table, the augmentation of each, and its gates' names."""

    name: str
    places: list[int]
    groups: tuple[str, ...]
    gates: list[str]


@dataclass(frozen=True)
class Table:
    """All cards of one seed by name, the decks made of them, and the gates with what they have learned."""

    nets: Mapping[str, nn.Module]
    decks: list[Dealt]
    gates: Mapping[str, Gate]
    kept: Mapping[str, State]


def score_decks(
    table: Table, cells: Iterable[Cell], count: int, settings: Analysis, draws: int, **shared: Any
) -> Iterator[Record]:
    """Every card, deck and gate in each of ``count`` cells, in a mixture of all, and in a stream that drifts.

    ``draws`` is the seed of what is drawn: the images of the streams, and the guesses of gates that guess.
    """
    streams = Streams(count, settings.stream_images, seed_for(draws, "streams"))
    robust: dict[tuple[str, str], list[float]] = {}
    own: list[Record] = []
    for cell in cells:
        view = seen_by(table, cell, settings.deck_images)
        streams.add(view)
        for name, logits in zip(table.nets, view.logits, strict=True):
            values = measured(logits.double().softmax(1), view.labels)
            own += [view.record(name, metric, value, **shared) for metric, value in values.items()]
            if cell.severity != 0:
                robust.setdefault((name, cell.shift), []).append(values["accuracy"])
        yield from judged(table, view, draws, **shared)
    yield from own
    yield from _best(table, own, robust)
    for view in streams.views():
        yield from judged(table, view, draws, **shared)


@torch.no_grad()
def seen_by(table: Table, cell: Cell, most: int) -> View:
    """The first images of a cell as gates look at them and as every card classifies them.

    A batch is loaded and laid out once, and then goes through all cards.
    """
    images = cell.images[:most].contiguous(memory_format=torch.channels_last)
    parts = [torch.stack([net(chunk) for net in table.nets.values()]) for chunk in images.split(CHUNK)]
    features = {name: gate.look(images) for name, gate in table.gates.items()}
    return View(cell.shift, cell.severity, cell.source, cell.labels[:most], torch.cat(parts, 1), features)


def measured(chances: Tensor, labels: Tensor) -> dict[str, float]:
    """Accuracy and calibration of probabilities (N, K)."""
    return {
        "accuracy": float((chances.argmax(1) == labels).double().mean()),
        "ece": expected_calibration_error(chances, labels),
        "brier": brier_score(chances, labels),
    }


def judged(table: Table, view: View, draws: int, **shared: Any) -> Iterator[Record]:
    """Every deck behind every gate and size of batch."""
    for deck in table.decks:
        logits = view.logits[deck.places]
        for name in deck.gates:
            gate = table.gates[name]
            for size in gate.sizes or [len(view.labels)]:
                model = f"{deck.name}/{name}" + (f"/{size}" if gate.sizes else "")
                random = torch.Generator().manual_seed(seed_for(draws, "gate", model, view.shift, view.severity))
                seen = Seen(
                    deck.groups,
                    view.features[name],
                    size,
                    random,
                    logits if gate.reads != "images" else None,
                    view.labels if gate.reads == "labels" else None,
                )
                weights = gate.weights(seen, table.kept[name])
                values = measured(blend(weights, logits, gate.average), view.labels) | _routed(gate, seen, weights)
                for metric, value in values.items():
                    yield view.record(model, metric, value, **shared)


def _routed(gate: Gate, seen: Seen, weights: Tensor) -> dict[str, float]:
    """The mean weight of every augmentation, and how many cards an image has to go through."""
    found = {}
    for group in seen.names:
        own = torch.tensor([name == group for name in seen.groups], device=weights.device)
        found[f"weight_{group}"] = float(weights[:, own].double().sum(1).mean())
    used = (weights > 0).double().sum(1).mean() if gate.reads != "logits" else len(seen.groups)
    return found | {"cards_used": float(used)}


def _best(table: Table, own: list[Record], robust: dict[tuple[str, str], list[float]]) -> Iterator[Record]:
    """The records of each deck's best card once more, under the deck's name.

    Picked on the very images it is scored on, which flatters it and no deck.
    """
    means: dict[str, list[float]] = {}
    for (name, _), values in robust.items():
        means.setdefault(name, []).append(sum(values) / len(values))
    names = list(table.nets)
    for deck in table.decks if means else []:
        members = [names[place] for place in deck.places]
        best = max(members, key=lambda name: sum(means[name]) / len(means[name]))
        for record in own:
            if record.model == best:
                yield record.model_copy(update={"model": f"{deck.name}/{BEST}"})
