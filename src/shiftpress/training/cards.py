"""Training of a dense classifier, and of the cards a pruner makes from it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.problems import InputError
from shiftpress.core.progress import Progress
from shiftpress.core.recipe import CardFit
from shiftpress.core.tensors import State, under_prefix, with_prefix
from shiftpress.pruners.base import Masks, Pruner, ScorePruner, Span, prunable
from shiftpress.training.lessons import Lesson
from shiftpress.training.popup import Popup
from shiftpress.training.rounds import RUNNING, Round, epochs_of
from shiftpress.training.sparse import Masked, state_of


@dataclass(frozen=True)
class Card:
    """A trained network: its states by pick, what it kept, and how many steps of training lie behind it in all.

    On the CPU, where masks are chosen between rounds.
    """

    states: dict[str, State]
    masks: Masks
    steps: int

    def tensors(self, prefix: str) -> State:
        """For a file: the last epoch under ``<prefix>/``, the best under ``<prefix>-best/``, facts/<prefix>/steps."""
        found = with_prefix(f"facts/{prefix}", {"steps": torch.tensor(self.steps)})
        for pick, state in self.states.items():
            found |= with_prefix(prefix if pick == "last" else f"{prefix}-{pick}", state)
        return found


def card_of(tensors: State, prefix: str) -> Card:
    """A dense network again, from what ``Card.tensors`` gave; its last epoch only."""
    state = under_prefix(prefix, tensors)
    return Card({"last": state}, {}, int(under_prefix(f"facts/{prefix}", tensors)["steps"]))


def epochs_of_chain(pruner: Pruner, recipe: CardFit) -> int:
    """About how many passes a chain takes, for its progress."""
    starts = [0.0, *pruner.sparsities[:-1]] if pruner.chained else [0.0] * len(pruner.sparsities)
    rounds = sum(len(pruner.rounds(a, b)) for a, b in zip(starts, pruner.sparsities, strict=True))
    return rounds * epochs_of(recipe, pruner.span())


def train_dense(lesson: Lesson, store: Checkpoints, progress: Progress) -> Card:
    """Train a new network by the recipe."""
    if (done := store.read("dense")) is not None:
        return Card(**done)
    net = lesson.untrained()
    work = Round("dense", 0, net, Masked(net, {}), lesson)
    return _finish(store, "dense", work, work.train(store, progress), {}, work.total)


def prune(
    pruner: Pruner, lesson: Lesson, dense: Card | None, store: Checkpoints, progress: Progress
) -> Iterator[tuple[float, Card]]:
    """The chain of a pruner: each sparsity with its card.

    ``dense`` is the trained network of the same lesson; a pruner that begins with an untrained one needs none.
    Raises InputError if a rewinding pruner goes back to a step that the training does not have.
    """
    span = pruner.span()
    total = epochs_of(lesson.recipe, span) * lesson.steps_per_epoch
    if span.first >= total:
        text = f"{pruner.title}: goes back to step {span.first}, but a round has {total} steps"
        raise InputError(text + "; lower its step or raise fit.cards.epochs")
    early = _early(pruner, lesson, store, progress)
    begin, number = Card({"last": early}, {}, 0), 0
    if pruner.begins == "dense":
        begin, number = dense, 1
    level, past = 0.0, begin
    for sparsity in pruner.sparsities:
        for target in pruner.rounds(level, sparsity):
            past = _round(pruner, lesson, span, target, number, past, early, store, progress)
            number += pruner.chained
        yield sparsity, past
        level, past = (sparsity, past) if pruner.chained else (0.0, begin)


def _early(pruner: Pruner, lesson: Lesson, store: Checkpoints, progress: Progress) -> State:
    """The first training's state at the step that the pruner rewinds to; to the bit, since it is that training."""
    net = lesson.untrained()
    if not pruner.rewind:
        return state_of(net)
    if (done := store.read("early")) is not None:
        return done["states"]["last"]
    work = Round("early", 0, net, Masked(net, {}), lesson, until=pruner.rewind)
    return _finish(store, "early", work, work.train(store, progress), {}, pruner.rewind).states["last"]


def _round(
    pruner: Pruner,
    lesson: Lesson,
    span: Span,
    target: float,
    number: int,
    past: Card,
    early: State,
    store: Checkpoints,
    progress: Progress,
) -> Card:
    """One training of a chain, or what is kept of it."""
    key = f"{100 * target:.6g}"
    if (done := store.read(key)) is not None:
        return Card(**done)
    trained = past.states["last"]
    net = lesson.restored(pruner.restart(trained, early))
    sparse = _sparse(pruner, lesson, net, target, number, trained, past.masks)
    work = Round(key, number, net, sparse, lesson, span)
    states = work.train(store, progress)
    masks = {name: mask.cpu() for name, mask in sparse.masks.items()}
    _report_collapse(pruner, target, masks)
    return _finish(store, key, work, states, masks, past.steps + work.total - span.first)


def _sparse(
    pruner: Pruner, lesson: Lesson, net: nn.Module, target: float, number: int, trained: State, before: Masks
) -> Masked | Popup:
    """The network as this round trains it."""
    if isinstance(pruner, ScorePruner):
        return Popup(net, pruner, target, _generator(lesson.seed_of("scores", lesson.classifier_name)))
    if pruner.rechooses:
        return Masked(net, {}, pruner=pruner, target=target)
    weights = {name: trained[name] for name in prunable(net)}
    random = _generator(lesson.seed_of("masks", lesson.classifier_name, number))
    return Masked(net, pruner.masks(weights, target, before, random) if pruner.prunes else {})


def _finish(store: Checkpoints, key: str, work: Round, states: dict[str, State], masks: Masks, steps: int) -> Card:
    """Keep a finished round; what was kept of its middle is no longer needed."""
    store.write(key, {"states": states, "masks": masks, "steps": steps})
    store.forget(RUNNING)
    return Card(states, masks, steps)


def _report_collapse(pruner: Pruner, target: float, masks: dict[str, Tensor]) -> None:
    """Warn of layers that lost everything: such a network knows nothing of its input."""
    for name, mask in masks.items():
        if not mask.any():
            logging.getLogger("shiftpress").warning("%s at %g: nothing is left of %s", pruner.title, target, name)


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
