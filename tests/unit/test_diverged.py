"""Training that meets numbers that are none goes back once, and if it meets them again it is marked, not scored."""

import pytest
import torch
from toy_lessons import halves, lesson

from shiftpress.codecs.fixed_rate import FixedRate
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.diverged import Diverged, diverged_at, marked
from shiftpress.core.progress import Progress
from shiftpress.core.tensors import under_prefix
from shiftpress.evaluation.cells import diverged
from shiftpress.objectives.erm import EmpiricalRisk
from shiftpress.training.cards import train_dense
from shiftpress.training.codecs import Descent, train_codec
from shiftpress.training.rounds import Round


def dense(tmp_path, **recipe):
    return train_dense(lesson(0, **recipe), Checkpoints("d", tmp_path, interval_s=0.0), Progress("t", 9)).states["last"]


def codec(folder, lr=1e-3):
    store = Checkpoints("c", folder, interval_s=0.0)
    fit = {"epochs": 3, "batch": 16, "lr": lr, "drops": [0.5], "drop_factor": 0.2, "progress": Progress("t", 9)}
    seeds = {"init_seed": 0, "order_seed": 1, "draw_seed": 2}
    return train_codec(FixedRate(width=2), EmpiricalRisk(), halves().pixels, **fit, **seeds, store=store)[0]


def same(a, b):
    return a.keys() == b.keys() and all(a[name].numpy().tobytes() == b[name].numpy().tobytes() for name in a)


def spoilt_once(monkeypatch, owner, name, spoil, at):
    """A fault of the machine: one call of a method leaves numbers that are none, and no other does."""
    real, calls = getattr(owner, name), []

    def fragile(self, *words):
        found = real(self, *words)
        calls.append(1)
        return spoil(self, found) if len(calls) == at else found

    monkeypatch.setattr(owner, name, fragile)
    return calls


@pytest.mark.parametrize("at", [1, 3, 5, 8])
@pytest.mark.parametrize("recipe", [{}, {"noisy": True, "ema": 0.9, "picks": ["last", "best"]}])
def test_a_round_that_meets_no_number_once_ends_in_the_same_weights(at, recipe, tmp_path, monkeypatch):
    whole = dense(tmp_path / "whole", **recipe)

    def spoil(work, found):
        next(work.net.parameters()).data.fill_(torch.nan)
        work._loss = torch.tensor(torch.nan)
        return found

    calls = spoilt_once(monkeypatch, Round, "step", spoil, at)
    assert same(dense(tmp_path / "again", **recipe), whole)
    assert len(calls) > 8, "it went back"


def test_weights_that_are_no_numbers_after_the_last_step_are_seen(tmp_path, monkeypatch):
    whole = dense(tmp_path / "whole")
    spoilt_once(monkeypatch, Round, "step", lambda work, _: next(work.net.parameters()).data.fill_(torch.inf), 8)
    assert same(dense(tmp_path / "again"), whole)


def test_a_round_that_meets_no_number_twice_has_diverged(tmp_path):
    with pytest.raises(Diverged, match="DIVERGED: the training of dense met no finite number at step [0-9]+, twice"):
        dense(tmp_path, lr=10.0, weight_decay=1.0, epochs=60)
    store = Checkpoints("d", tmp_path)
    kept = store.read("running")
    assert kept is None or all(t.isfinite().all() for t in kept["net"].values()), "no bad state is kept"


@pytest.mark.parametrize("at", [1, 4, 9, 12])
def test_a_codec_that_meets_no_number_once_ends_in_the_same_weights(at, tmp_path, monkeypatch):
    whole = codec(tmp_path / "whole")

    def spoil(work, found):
        next(work.net.parameters()).data.fill_(torch.nan)
        return torch.tensor(torch.nan)

    calls = spoilt_once(monkeypatch, Descent, "step", spoil, at)
    assert same(codec(tmp_path / "again"), whole) and len(calls) > 12, "it went back"


def test_a_codec_that_meets_no_number_twice_has_diverged(tmp_path):
    with pytest.raises(Diverged, match="DIVERGED"):
        codec(tmp_path, lr=1e20)


def test_a_network_that_diverged_is_never_loaded_and_has_one_record_without_a_score():
    weights = marked("3/net", 41)
    assert diverged_at("3/net", weights) == 41 and diverged_at("4/net", weights) is None
    with pytest.raises(Diverged, match="network 3/net met no finite number at step 41"):
        under_prefix("3/net", weights)
    with pytest.raises(KeyError):
        under_prefix("4/net", weights)
    row = diverged(41, phase="codecs", dataset="d", model="m", seed=3, fingerprint="f")
    assert (row.metric, row.value, row.shift) == ("diverged", 41.0, "training")
