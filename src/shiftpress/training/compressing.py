"""A base network trained against attacks, and what compressors make of it."""

from collections.abc import Iterator
from dataclasses import replace

from shiftpress.compressors.base import Compressor, Form
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.progress import Progress
from shiftpress.core.recipe import AtmcFit
from shiftpress.core.tensors import State
from shiftpress.pruners.base import Span, prunable
from shiftpress.training.adversarial import Hardening, HardRound, Shaped
from shiftpress.training.rounds import RUNNING, epochs_of


def epochs_of_compressor(compressor: Compressor, recipe: AtmcFit) -> int:
    """Passes of all its ratios together, for its progress."""
    return len(compressor.ratios) * epochs_of(recipe, _span(compressor, recipe))


def train_base(lesson: Hardening, store: Checkpoints, progress: Progress) -> State:
    """The dense network that compressors start from, by the recipe's first epochs."""
    if (done := store.read("base")) is not None:
        return done
    lesson = replace(lesson, recipe=lesson.recipe.on(lesson.dataset))
    net = lesson.untrained()
    work = HardRound("base", 0, net, Shaped(net, Form(prunable(net))), lesson)
    work.ramped = True
    return _finish(store, "base", work.train(store, progress)["last"])


def compress(
    compressor: Compressor, lesson: Hardening, base: State | None, store: Checkpoints, progress: Progress
) -> Iterator[tuple[float, State]]:
    """Each ratio with its network, in the form that the compressor gives it. All start from ``base``.

    One that starts from scratch needs no base. Raises InputError if a ratio leaves fewer weights than layers need.
    """
    recipe = lesson.recipe.on(lesson.dataset)
    lesson = replace(lesson, recipe=recipe, objective=compressor.objective_of(recipe))
    for ratio in compressor.ratios:
        key = f"{100 * ratio:.6g}"
        if (done := store.read(key)) is None:
            net = lesson.untrained() if compressor.from_scratch else lesson.restored(base)
            sparse = Shaped(net, compressor.begin(prunable(net), ratio))
            # the second round of every method: networks of one seed see the images in one order
            number = 0 if compressor.from_scratch else 1
            work = HardRound(key, number, net, sparse, lesson, _span(compressor, lesson.recipe))
            work.ramped = compressor.from_scratch
            done = _finish(store, key, work.train(store, progress)["last"])
        yield ratio, done


def _span(compressor: Compressor, recipe: AtmcFit) -> Span:
    """How long one ratio takes: every method has the epochs of the base and of compression, and no more."""
    if not compressor.from_scratch:
        return Span(length=recipe.tuning, lr=recipe.tuning_lr)
    own = epochs_of(recipe, Span()) + epochs_of(recipe, Span(length=recipe.tuning))
    return Span(length=own / recipe.epochs)


def _finish(store: Checkpoints, key: str, state: State) -> State:
    """Keep a finished network; what was kept of its middle is no longer needed."""
    store.write(key, state)
    store.forget(RUNNING)
    return state
