"""Training repeats to the last bit, keeps its masks, and does not care how seeds are spread over jobs."""

import pytest
import torch

from shiftpress.classifiers.convn import ConvN
from shiftpress.codecs.fixed_rate import FixedRate
from shiftpress.core.progress import Progress
from shiftpress.core.splits import Split
from shiftpress.objectives.wasserstein_dro import WassersteinDRO
from shiftpress.pruners.base import prunable, smallest_removed
from shiftpress.pruners.lrr import LearningRateRewinding
from shiftpress.training.batches import epoch, steps_per_epoch
from shiftpress.training.cards import prune, train_dense
from shiftpress.training.codecs import train_codec

CLASSIFIER = ConvN(depth=2, width=0.0625)
RECIPE = {"epochs": 2, "batch": 16, "lr": 0.05, "momentum": 0.9, "weight_decay": 5e-4}


@pytest.fixture(scope="module")
def data() -> Split:
    rng = torch.Generator().manual_seed(0)
    labels = torch.arange(50) % 2
    images = torch.randint(0, 128, (50, 1, 32, 32), generator=rng, dtype=torch.uint8)
    images[labels == 1, :, :16] += 120
    return Split(images, labels, torch.arange(50), torch.arange(50))


def dense(data, seed):
    progress = Progress("test", 2)
    return train_dense(CLASSIFIER, data, 2, init_seed=seed, order_seed=seed, progress=progress, **RECIPE)


def codec(data, seed):
    fit = {"epochs": 4, "batch": 16, "lr": 1e-3, "drops": [0.5], "drop_factor": 0.2}
    part = {"init_seed": seed, "order_seed": seed, "draw_seed": seed, "progress": Progress("test", 4)}
    objective = WassersteinDRO(steps=2, radius=5.0)
    state, memory = train_codec(FixedRate(width=2), objective, data.pixels, **fit, **part)
    return {**state, **memory}


@pytest.mark.parametrize("train", [dense, codec])
def test_seeds_trained_in_turn_equal_seeds_trained_alone(train, data):
    in_turn = [train(data, seed) for seed in (0, 1, 2)]
    alone = train(data, 2)
    assert all(torch.equal(alone[name], in_turn[2][name]) for name in alone)
    assert any(not torch.equal(in_turn[0][name], in_turn[1][name]) for name in alone)


def test_training_learns(data):
    net = CLASSIFIER.build((1, 32, 32), 2)
    net.load_state_dict(dense(data, 0))
    with torch.no_grad():
        assert (net.eval()(data.pixels).argmax(1) == data.labels).float().mean() > 0.9


def test_pruned_weights_stay_zero_through_the_chain_and_levels_nest(data):
    pruner = LearningRateRewinding(sparsities=[0.3, 0.6, 0.9])
    chain = prune(
        pruner, CLASSIFIER, dense(data, 0), data, 2, order_seeds=[1, 2, 3], progress=Progress("t", 6), **RECIPE
    )
    names = list(prunable(CLASSIFIER.build((1, 32, 32), 2)))
    zero_before = {name: False for name in names}
    for sparsity, state in chain:
        zeros = {name: state[name] == 0 for name in names}
        total = sum(z.numel() for z in zeros.values())
        assert abs(sum(int(z.sum()) for z in zeros.values()) - round(sparsity * total)) <= 1
        assert all((zeros[name] | ~torch.as_tensor(zero_before[name])).all() for name in names)
        zero_before = zeros


def test_the_smallest_are_removed_exactly_ties_included():
    for seed in range(20):
        rng = torch.Generator().manual_seed(seed)
        scores = torch.randint(0, 5, (97,), generator=rng).float()
        for removed in (0, 1, 13, 50, 96):
            keep = smallest_removed(scores, removed)
            assert int((~keep).sum()) == removed
            if 0 < removed < 97:
                assert scores[~keep].max() <= scores[keep].min()


def test_an_epoch_visits_every_image_once():
    seen = torch.cat(list(epoch(50, 16, torch.Generator().manual_seed(0))))
    assert sorted(seen.tolist()) == list(range(50))
    assert [len(list(epoch(n, 16, torch.Generator()))) for n in (50, 48, 49)] == [4, 3, 3]
    assert [steps_per_epoch(n, 16) for n in (50, 48, 49)] == [4, 3, 3]
