"""Projection onto sparse tensors and one-dimensional k-means are exact: held against a sort and dynamic programming."""

import itertools

import numpy as np
import pytest
import torch

from shiftpress.core.codebooks import exact
from shiftpress.core.lloyd import follow
from shiftpress.core.problems import InputError
from shiftpress.core.projection import Projection, project


def by_sorting(tensors, most):
    """The largest magnitudes; of equal ones the later."""
    flat = torch.cat([t.flatten() for t in tensors]).tolist()
    chosen = sorted(range(len(flat)), key=lambda place: (abs(flat[place]), place))[len(flat) - most :]
    return set(chosen)


def places(keeps):
    return set(torch.cat([keep.flatten() for keep in keeps]).nonzero().flatten().tolist())


@pytest.mark.parametrize("seed", range(30))
def test_the_projection_keeps_what_a_sort_keeps(seed):
    rng = torch.Generator().manual_seed(seed)
    shapes = [(3, 4), (5,), (2, 3, 2), (1, 7)]
    tensors = [torch.randn(shape, generator=rng) for shape in shapes]
    if seed % 2:  # ties everywhere
        tensors = [(2 * tensor).round() / 2 for tensor in tensors]
    total = sum(t.numel() for t in tensors)
    for most in (0, 1, 7, total // 2, total - 1, total):
        keeps = Projection([t.numel() for t in tensors], most, [], 0).keep(tensors)
        assert places(keeps) == by_sorting(tensors, most)


def test_a_projection_that_follows_moving_tensors_stays_exact():
    rng = torch.Generator().manual_seed(0)
    tensors = [torch.randn(40, 50, generator=rng), torch.randn(3000, generator=rng)]
    projection = Projection([2000, 3000], 250, [], 0)
    for _ in range(40):
        tensors = [t + 0.01 * torch.randn(t.shape, generator=rng) for t in tensors]
        keeps = projection.keep(tensors)
        assert places(keeps) == by_sorting(tensors, 250)
        assert project([t.clone() for t in tensors], keeps, 250) == 250


@pytest.mark.parametrize("seed", range(10))
def test_with_groups_no_other_choice_is_nearer(seed):
    rng = torch.Generator().manual_seed(seed)
    scale = torch.tensor([5.0, 1.0, 0.1])
    tensors = [torch.randn(4, generator=rng) * s for s in scale]
    groups, least, most = [[[0], [1, 2]], [[0], [1], [2]], [[2]]][seed % 3], 2, 7
    keeps = Projection([4, 4, 4], most, groups, least).keep(tensors)
    chosen = places(keeps)
    flat = torch.cat(tensors).square().tolist()
    allowed = [
        c
        for c in itertools.combinations(range(12), most)
        if all(sum(any(4 * g <= p < 4 * g + 4 for g in group) for p in c) >= least for group in groups)
    ]
    best = max(sum(flat[p] for p in c) for c in allowed)
    assert sum(flat[p] for p in chosen) == pytest.approx(best) and len(chosen) == most


def test_a_ball_too_small_for_its_layers_is_refused():
    with pytest.raises(InputError, match="raise the ratio"):
        Projection([4, 4], 3, [[0], [1]], 2)


def test_projecting_leaves_no_minus_zero_and_never_too_many():
    tensor = torch.tensor([-1.0, 2.0, -3.0])
    assert project([tensor], [torch.tensor([False, False, True])], 1) == 1
    assert not torch.signbit(tensor[:2]).any()
    with pytest.raises(AssertionError, match="at most 1"):
        project([tensor.fill_(1.0)], [torch.ones(3, dtype=torch.bool)], 1)


def error_of(numbers, book):
    return float(((numbers.astype(np.float64) - book.values) ** 2).sum())


def by_dynamic_programming(numbers, most):
    """The least squared error of at most so many clusters, by trying every beginning of every last cluster."""
    x = np.sort(numbers.astype(np.float64))
    n = len(x)
    cost = [
        [float(((x[a:b] - x[a:b].mean()) ** 2).sum()) if b > a else 0.0 for b in range(n + 1)] for a in range(n + 1)
    ]
    best = [0.0] + [np.inf] * n
    for _ in range(min(most, n)):
        best = [min(best[a] + cost[a][b] for a in range(b + 1)) for b in range(n + 1)]
    return best[n]


LISTS = {
    "normal": lambda rng, n: rng.normal(size=n),
    "far from zero": lambda rng, n: 1000 + rng.normal(size=n) * 1e-2,
    "heavy tails": lambda rng, n: rng.standard_cauchy(size=n),
    "two lumps": lambda rng, n: np.sign(rng.normal(size=n)) * (0.1 + 0.01 * rng.random(n)),
    "repeats": lambda rng, n: rng.integers(-4, 5, n) / 8,
}


@pytest.mark.parametrize("kind", LISTS)
def test_codebooks_are_the_best_there_are(kind):
    rng = np.random.default_rng(0)
    for most in (1, 2, 3, 5, 16):
        lists = [LISTS[kind](rng, n).astype(np.float32) for n in (1, 2, 3, 9, 30, 61)]
        for numbers, book in zip(lists, exact(lists, most), strict=True):
            least = by_dynamic_programming(numbers, most)
            rounding = 1e-12 + len(numbers) * float(np.abs(numbers).max() * 1e-7) ** 2
            assert error_of(numbers, book) <= least * (1 + 1e-9) + rounding
            assert len(book.centres) == min(most, len(np.unique(numbers)))
            assert sorted(set(book.codes.tolist())) == list(range(len(book.centres))), "a centre is nobody's"
            assert (np.diff(book.centres) > 0).all()


def test_empty_lists_have_empty_codebooks():
    (book,) = exact([np.empty(0, np.float32)], 4)
    assert len(book.centres) == len(book.codes) == 0
    assert len(follow(np.empty(0, np.float32), 4).centres) == 0


@pytest.mark.parametrize("kind", LISTS)
def test_following_is_never_better_than_exact_and_uses_every_centre(kind):
    rng = np.random.default_rng(1)
    numbers = LISTS[kind](rng, 400).astype(np.float32)
    (best,) = exact([numbers], 8)
    plain = follow(numbers, 8)
    again = follow(numbers, 8, best.centres)
    for book in (plain, again, follow(numbers, 8, np.full(8, 1e6, np.float32))):
        assert len(book.centres) == len(best.centres) == len(set(book.codes.tolist()))
        assert error_of(numbers, book) >= error_of(numbers, best) * (1 - 1e-6) - 1e-3
    assert error_of(numbers, again) <= error_of(numbers, best) * (1 + 1e-5) + 1e-3


def test_codebooks_of_a_network_take_seconds():
    import time

    rng = np.random.default_rng(0)
    lists = [rng.normal(size=n).astype(np.float32) for n in (400, 1000, 1300, 8000, 2000)]
    start = time.process_time()
    books = exact(lists, 256)
    assert time.process_time() - start < 20
    assert all(len(book.centres) == 256 for book in books)
