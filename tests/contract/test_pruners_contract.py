"""Every pruner in params.yaml keeps the contract of pruners/base.py."""

from pathlib import Path

import pytest
import torch

from shiftpress.assembly import build
from shiftpress.classifiers.convn import ConvN
from shiftpress.loading import load_study
from shiftpress.pruners.base import prunable

PARAMS = load_study([str(Path(__file__).parents[2] / "params.yaml")])


@pytest.fixture(params=PARAMS.pruners)
def pruner(request):
    return build("pruners", PARAMS.pruners[request.param])


@pytest.fixture(params=["global", "layerwise"])
def scoped(request, pruner):
    return pruner.model_copy(update={"scope": request.param})


@pytest.fixture(scope="module")
def weights():
    torch.manual_seed(0)
    return {name: w.detach() for name, w in prunable(ConvN(depth=2, width=0.25).build((1, 32, 32), 10)).items()}


def dice():
    return torch.Generator().manual_seed(0)


def test_masks_are_boolean_nest_and_keep_exactly_what_was_asked(weights, scoped):
    if not scoped.prunes:
        pytest.skip("a control that removes nothing")
    before, dice_ = {}, dice()
    total = sum(w.numel() for w in weights.values())
    for sparsity in scoped.sparsities:
        masks = scoped.masks(weights, sparsity, before, dice_)
        assert masks.keys() == weights.keys()
        assert all(m.dtype == torch.bool and m.shape == weights[n].shape for n, m in masks.items())
        removed = {name: int((~mask).sum()) for name, mask in masks.items()}
        if scoped.scope == "global":
            assert abs(sum(removed.values()) - sparsity * total) <= 1
        else:
            assert all(abs(count - sparsity * weights[name].numel()) <= 1 for name, count in removed.items())
        assert all((before[n] | ~masks[n]).all() for n in before)
        before = masks


def test_a_global_threshold_matches_a_full_sort(weights, scoped):
    if not scoped.prunes:
        pytest.skip("a control that removes nothing")
    masks = scoped.masks(weights, 0.7, {}, dice())
    places = torch.cat([torch.full((w.numel(),), n) for n, w in enumerate(weights.values())])
    scores = torch.cat([w.abs().flatten() for w in weights.values()])
    kept = torch.cat([m.flatten() for m in masks.values()])
    rows = [slice(None)] if scoped.scope == "global" else [places == n for n in range(len(weights))]
    for row in rows:
        wanted = torch.zeros(len(scores[row]), dtype=torch.bool)
        wanted[scores[row].argsort()[round(0.7 * len(wanted)) :]] = True
        if "random" in type(scoped).__name__.lower():  # as many in each layer, but not the largest
            assert torch.equal(places[row][kept[row]].bincount(), places[row][wanted].bincount())
        else:
            assert torch.equal(kept[row], wanted)


def test_a_pruner_that_removes_nothing_keeps_everything(weights, scoped):
    if scoped.prunes:
        pytest.skip("removes")
    masks = scoped.masks(weights, 0.9, {}, dice())
    assert masks.keys() == weights.keys() and all(mask.all() for mask in masks.values())


def test_trainings_lead_from_level_to_level_and_ask_for_rising_sparsities(pruner):
    level = 0.0
    for sparsity in pruner.sparsities:
        rounds = pruner.rounds(level, sparsity)
        assert rounds[-1] == sparsity and [level, *rounds] == sorted({level, *rounds})
        level = sparsity
