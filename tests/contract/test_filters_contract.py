"""Every criterion in params.yaml keeps the contract of filters/base.py."""

from pathlib import Path

import pytest
import torch

from shiftpress.assembly import build
from shiftpress.filters.base import Seen
from shiftpress.loading import load_study

PARAMS = load_study([str(Path(__file__).parents[2] / "params.yaml")])
COUNTS = {"a": 40, "b": 20}
LEAST = {"a": 4, "b": 2}


@pytest.fixture(params=PARAMS.filters)
def pruner(request):
    return build("filters", PARAMS.filters[request.param])


def layers(seed=0):
    rng = torch.Generator().manual_seed(seed)
    return {
        name: Seen(
            torch.randn(count, 3, 3, 3, generator=rng),
            torch.rand(count, generator=rng) + 0.1,
            torch.rand(count, generator=rng),
        )
        for name, count in COUNTS.items()
    }


def weigh(counts):
    """A network in which one layer reads the other."""
    first, second = counts
    return 9 * first + first * second


def chosen(pruner, target, seed=0):
    return pruner.kept(layers(), target, LEAST, weigh, torch.Generator().manual_seed(seed))


def test_scores_are_one_for_each_filter_and_not_negative(pruner):
    for seen in layers().values():
        scores = pruner.scores(seen, torch.Generator().manual_seed(0))
        assert scores.shape == (len(seen.weight),) and (scores >= 0).all() and scores.isfinite().all()


@pytest.mark.parametrize("share", [0.75, 0.5, 0.25])
def test_it_comes_as_near_to_the_target_as_one_filter_takes_it(pruner, share):
    whole = weigh(COUNTS.values())
    kept = chosen(pruner, round(share * whole))
    counts = [len(own) for own in kept.values()]
    assert abs(weigh(counts) - share * whole) <= 40
    assert all(len(kept[name]) >= LEAST[name] for name in kept)


def test_the_choice_depends_on_nothing_but_what_it_is_given(pruner):
    first, second = chosen(pruner, 500), chosen(pruner, 500)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_more_filters_stay_at_a_larger_ratio_and_they_are_the_same(pruner):
    small, large = chosen(pruner, 400), chosen(pruner, 800)
    assert all(set(small[name].tolist()) <= set(large[name].tolist()) for name in small)


def test_ratios_fall_and_each_has_its_rounds(pruner):
    assert pruner.ratios == sorted(pruner.ratios, reverse=True)
    assert all(pruner.targets(ratio)[-1] == pytest.approx(ratio) for ratio in pruner.ratios)
