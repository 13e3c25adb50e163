"""Told to leave, every loop that trains or attacks stops after its step, and goes on there to the same result."""

import os
import random
import signal

import pytest
import torch
from toy_lessons import halves, lesson

from shiftpress.codecs.factorized import Factorized
from shiftpress.codecs.fixed_rate import FixedRate
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.jobs import job
from shiftpress.core.preemption import EXIT_CODE, SIGNALS, Preempted, heeding
from shiftpress.core.progress import Progress
from shiftpress.objectives.erm import EmpiricalRisk
from shiftpress.objectives.group_dro import GroupDRO
from shiftpress.objectives.noise_augmentation import NoiseAugmentation
from shiftpress.pruners.lrr import LearningRateRewinding
from shiftpress.training.cards import prune, train_dense
from shiftpress.training.codecs import Descent, train_codec
from shiftpress.training.rounds import Round

IMAGES = halves(70).pixels
NEVER_S = 1e9
"""Checkpoints are written when told to leave, and for no other reason."""


@pytest.fixture(autouse=True)
def handlers():
    """Signals mean again what they did: a job that was told to leave ends with its process."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def codec(kind, objective):
    def train(folder):
        fit = {"epochs": 4, "batch": 16, "lr": 1e-2, "drops": [0.25, 0.5], "drop_factor": 0.5}
        seeds = {"init_seed": 0, "order_seed": 1, "draw_seed": 2, "progress": Progress("t", 4)}
        state, memory = train_codec(kind, objective, IMAGES, store=Checkpoints("c", folder, NEVER_S), **fit, **seeds)
        return {**state, **{f"memory/{name}": tensor for name, tensor in memory.items()}}

    return train


def chain(folder):
    task, store = lesson(count=90, epochs=2, noisy=True), Checkpoints("c", folder, NEVER_S)
    dense = train_dense(task, store, Progress("t", 9))
    found = dense.tensors("0")
    for level, card in prune(LearningRateRewinding(sparsities=[0.5, 0.9]), task, dense, store, Progress("t", 9)):
        found |= card.tensors(f"{level:g}")
    return found


LOOPS = {
    "codec": (codec(FixedRate(width=2), GroupDRO(search="mixture", angles=3)), Descent),
    "codec with draws": (codec(FixedRate(width=2), NoiseAugmentation(radius=5.0)), Descent),
    "codec with noise in its layers": (
        codec(Factorized(channels=4, latents=4, target_bpp=1.0), EmpiricalRisk()),
        Descent,
    ),
    "chain of cards": (chain, Round),
}


@pytest.mark.parametrize(("train", "loop"), LOOPS.values(), ids=LOOPS)
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_told_to_leave_after_any_step_it_loses_none_and_ends_the_same(train, loop, number, tmp_path, monkeypatch):
    step, taken, moments, stops = loop.step, [], random.Random(3), 0
    monkeypatch.setattr(loop, "step", lambda work, *args: (taken.append(1), step(work, *args))[1])
    whole = train(tmp_path / "whole")
    wanted = len(taken)
    taken.clear()

    def told(work, *args):
        found = step(work, *args)
        taken.append(1)
        if moments.random() < 0.3:
            os.kill(os.getpid(), number)
        return found

    monkeypatch.setattr(loop, "step", told)
    found = None
    while found is None:
        try:
            with heeding():
                found = train(tmp_path / "cut")
        except Preempted:
            stops += 1
    assert stops >= 3 and len(taken) == wanted, "steps that were taken twice"
    assert found.keys() == whole.keys()
    assert all(found[name].numpy().tobytes() == whole[name].numpy().tobytes() for name in whole)


def ended(work, log) -> int:
    """Exit status of a process that does the work as a job."""
    child = os.fork()
    if not child:
        status = 1
        try:
            with job(str(log)):
                work()
            status = 0
        except SystemExit as error:
            status = error.code
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_job_asks_for_another_turn_and_then_finishes(tmp_path):
    def work():
        store = Checkpoints("x", tmp_path, NEVER_S)
        for step in range((store.read("running") or {"step": 0})["step"], 3):
            (tmp_path / f"{step}").write_text("one\n")
            os.kill(os.getpid(), signal.SIGTERM)
            if store.due():
                store.write("running", {"step": step + 1, "t": torch.zeros(1)})
        store.discard()

    assert [ended(work, tmp_path / "job.log") for _ in range(4)] == [EXIT_CODE] * 3 + [0]
    text = (tmp_path / "job.log").read_text()
    assert "finished" in text and not (tmp_path / "job.log.lease").exists()


def test_a_job_without_checkpoints_leaves_at_once(tmp_path):
    def work():
        os.kill(os.getpid(), signal.SIGUSR1)
        raise AssertionError("went on")

    assert ended(work, tmp_path / "job.log") == EXIT_CODE
    assert "told to leave" in (tmp_path / "job.log").read_text()


def test_nobody_is_told_outside_of_jobs(tmp_path):
    with heeding():
        pass
    store = Checkpoints("x", tmp_path, NEVER_S)
    assert not store.due()
    store.write("x", {})
