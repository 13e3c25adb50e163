"""A chain that is killed at any moment and started again ends in the same weights, to the last bit."""

import os
import random
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import pytest
from killing import killed
from toy_lessons import lesson

from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.progress import Progress
from shiftpress.pruners.biprop import Biprop
from shiftpress.pruners.dense_long import DenseLong
from shiftpress.pruners.edge_popup import EdgePopup
from shiftpress.pruners.fine_tune import FineTune
from shiftpress.pruners.gradual import Gradual
from shiftpress.pruners.lrr import LearningRateRewinding
from shiftpress.pruners.lth import LotteryTicket
from shiftpress.pruners.random import RandomMasks
from shiftpress.training import rounds
from shiftpress.training.cards import prune, train_dense
from shiftpress.training.rounds import Round

CHAINS = [
    (LearningRateRewinding(sparsities=[0.5, 0.8, 0.95]), {"optimizer": "adam", "lr": 0.01}),
    (LotteryTicket(sparsities=[0.5, 0.8], step=5), {"noisy": True, "picks": ["last", "best"]}),
    (Gradual(sparsities=[0.5, 0.9], every=2), {"noisy": True, "ema": 0.9}),
    (Biprop(sparsities=[0.8, 0.95]), {"picks": ["last", "best"]}),
    (EdgePopup(sparsities=[0.5, 0.9], scope="layerwise"), {"optimizer": "adam", "lr": 0.01}),
    (FineTune(sparsities=[0.5, 0.9]), {"ema": 0.9}),
    (RandomMasks(sparsities=[0.5, 0.9], share=0.5), {"noisy": True}),
    (DenseLong(sparsities=[0.5, 0.9]), {"schedule": "one_cycle", "warmup": 0.2}),
]
"""Every kind of pruner, and between them every part of a recipe that has a state."""

KILLS = int(os.environ.get("SHIFTPRESS_KILLS", "3"))
"""Kills of each chain; the first one is always killed 20 times. 20 everywhere takes two minutes."""


def chain(pruner, about, folder, interval_s=0.0):
    """Tensors of a whole chain by level, checkpointed after every step."""
    task, store = lesson(count=90, epochs=2, **about), Checkpoints("c", folder, interval_s)
    dense = train_dense(task, store, Progress("t", 99))
    found = dense.tensors("0")
    for level, card in prune(pruner, task, dense, store, Progress("t", 99)):
        found |= card.tensors(f"{level:g}")
    return found


@cache
def uninterrupted(place):
    """Tensors of a chain that nothing stopped and that wrote nothing within a round, and its steps."""
    steps, step = [], Round.step
    noting = mock.patch.object(Round, "step", lambda work: (step(work), steps.append(1)))
    with TemporaryDirectory() as folder, noting:
        return chain(*CHAINS[place], Path(folder), interval_s=1e9), len(steps)


def same(a, b):
    """To the last bit: the signs of zeros, too."""
    return a.keys() == b.keys() and all(a[name].numpy().tobytes() == b[name].numpy().tobytes() for name in a)


EVERY = pytest.mark.parametrize("place", range(len(CHAINS)), ids=lambda place: type(CHAINS[place][0]).__name__)


@EVERY
def test_a_chain_stopped_after_any_step_goes_on_there(place, tmp_path, monkeypatch):
    whole, _ = uninterrupted(place)
    step, made = Round.step, []

    def fragile(work):
        step(work)
        made.append((work.key, work.taken))
        if random.Random(len(made)).random() < 0.3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Round, "step", fragile)
    found, stops = None, 0
    while found is None:
        try:
            found = chain(*CHAINS[place], tmp_path / "cut")
        except KeyboardInterrupt:
            stops += 1
    assert stops >= 5 and same(found, whole)
    # a stop comes after a step and before its checkpoint, so each costs that one step again
    assert len(made) - len(set(made)) == stops


@EVERY
def test_killed_at_random_moments_the_weights_are_bit_identical(place, tmp_path):
    (pruner, about), wanted, (whole, steps) = CHAINS[place], KILLS if place else 20, uninterrupted(place)
    # a checkpoint follows every step
    most, moments, kills, reached = max(1, 2 * steps // wanted), random.Random(0), 0, set()
    cut = Checkpoints("c", tmp_path / "cut")
    while kills < wanted:
        kills += killed(lambda: chain(pruner, about, tmp_path / "cut"), most, moments)
        running = cut.read(rounds.RUNNING)
        reached.add((running and (running["key"], running["step"]), len(list(cut.folder.glob("*.safetensors")))))
        if kills < wanted and cut.read(f"{100 * pruner.sparsities[-1]:g}"):
            cut.discard()  # it got to the end: start over, to be killed again
    assert len(reached) > wanted / 4, "kills found it in the same places"
    assert same(chain(pruner, about, tmp_path / "cut"), whole)


def test_progress_of_another_round_is_not_taken_up(tmp_path):
    task, store = lesson(), Checkpoints("c", tmp_path)
    store.write(rounds.RUNNING, {"key": "another"})
    dense = train_dense(task, store, Progress("t", 9))
    assert same(dense.tensors("0"), train_dense(task, Checkpoints("d", tmp_path), Progress("t", 9)).tensors("0"))
