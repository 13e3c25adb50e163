"""Random numbers belong to an image: nothing about the call changes them, and they are random enough."""

import pytest
import torch
from scipy import stats

from shiftpress.core.draws import Draws

IDS = torch.randint(-(2**62), 2**62, (64,), generator=torch.Generator().manual_seed(0))


def test_batch_order_and_subset_change_nothing():
    whole = Draws(7, IDS).normal(3, 5)
    order = torch.randperm(64, generator=torch.Generator().manual_seed(1))
    assert torch.equal(Draws(7, IDS[order]).normal(3, 5), whole[order])
    assert torch.equal(torch.cat([Draws(7, part).normal(3, 5) for part in IDS.split(7)]), whole)


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_change_nothing(threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        digest = int(Draws(3, IDS).integers(1000).sum())
    finally:
        torch.set_num_threads(before)
    assert digest == 2098396883


def test_seed_image_and_stream_each_make_another_draw():
    base = Draws(1, IDS).integers(256)
    assert (base == Draws(2, IDS).integers(256)).float().mean() < 0.01
    assert (base == Draws(1, IDS).integers(256, stream=1)).float().mean() < 0.01
    assert (base[:-1] == base[1:]).float().mean() < 0.01


def test_neighbouring_ids_and_seeds_are_not_alike():
    close = torch.arange(64)
    values = torch.cat([Draws(seed, close).normal(64) for seed in range(4)])
    correlation = torch.corrcoef(values).fill_diagonal_(0).abs().max()
    assert correlation < 0.6  # of 64 numbers; the largest of 32,640 pairs of true noise stays below with p > 0.99


def test_uniform_and_normal_have_their_distributions():
    draws = Draws(11, IDS)
    uniform, normal = draws.uniform(4000).flatten().numpy(), draws.normal(4000, stream=1).flatten().numpy()
    assert stats.kstest(uniform, "uniform").pvalue > 1e-3
    assert stats.kstest(normal, "norm").pvalue > 1e-3
    assert 0 < uniform.min() and uniform.max() < 1


def test_words_of_one_image_are_independent_bits():
    bits = Draws(5, IDS).integers(4096)
    counts = torch.stack([(bits >> b & 1).float().mean() for b in range(16)])
    assert (counts - 0.5).abs().max() < 0.005


def test_many_streams_can_be_asked_for():
    streams = torch.stack([Draws(1, IDS).integers(64, stream=stream).flatten() for stream in range(20)])
    assert len({tuple(row.tolist()) for row in streams}) == 20
