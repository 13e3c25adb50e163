"""Training repeats to the last bit, keeps its masks, and does not care how seeds are spread over jobs."""

import pytest
import torch
from toy_lessons import halves, lesson

from shiftpress.codecs.fixed_rate import FixedRate
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.progress import Progress
from shiftpress.core.splits import Split
from shiftpress.objectives.wasserstein_dro import WassersteinDRO
from shiftpress.training.batches import Batches, epoch, steps_per_epoch
from shiftpress.training.cards import train_dense
from shiftpress.training.codecs import train_codec


@pytest.fixture(scope="module")
def data() -> Split:
    return halves()


def dense(data, seed, tmp_path):
    return train_dense(lesson(seed), Checkpoints(f"{seed}", tmp_path), Progress("test", 2)).states["last"]


def codec(data, seed, tmp_path):
    fit = {"epochs": 4, "batch": 16, "lr": 1e-3, "drops": [0.5], "drop_factor": 0.2}
    part = {"init_seed": seed, "order_seed": seed, "draw_seed": seed, "progress": Progress("test", 4)}
    part["store"] = Checkpoints(f"{seed}", tmp_path)
    objective = WassersteinDRO(steps=2, radius=5.0)
    state, memory = train_codec(FixedRate(width=2), objective, data.pixels, **fit, **part)
    return {**state, **memory}


@pytest.mark.parametrize("train", [dense, codec])
def test_five_seeds_in_one_job_have_the_weights_of_single_runs(train, data, tmp_path):
    """What a seed leaves behind would show: in single runs every other seed comes before it."""
    in_turn = {seed: train(data, seed, tmp_path / "turn") for seed in range(5)}
    alone = {seed: train(data, seed, tmp_path / "alone") for seed in reversed(range(5))}
    for seed, state in in_turn.items():
        assert state.keys() == alone[seed].keys()
        assert all(torch.equal(state[name], alone[seed][name]) for name in state)
        assert any(not torch.equal(state[name], in_turn[(seed + 1) % 5][name]) for name in state)


def test_an_epoch_visits_every_image_once():
    seen = torch.cat(list(epoch(50, 16, torch.Generator().manual_seed(0))))
    assert sorted(seen.tolist()) == list(range(50))
    assert [len(list(epoch(n, 16, torch.Generator()))) for n in (50, 48, 49)] == [4, 3, 3]
    assert [steps_per_epoch(n, 16) for n in (50, 48, 49)] == [4, 3, 3]


@pytest.mark.parametrize("first", [0, 1, 3, 4, 11])
def test_batches_go_on_from_any_step(first):
    order = torch.Generator().manual_seed(7)
    whole = [batch for _ in range(4) for batch in epoch(50, 16, order)]
    batches = Batches(50, 16, 7, first)
    assert all(torch.equal(batches.next(), batch) for batch in whole[first:])
