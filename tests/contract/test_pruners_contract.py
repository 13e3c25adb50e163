"""Every pruner in params.yaml keeps the contract of pruners/base.py."""

from pathlib import Path

import pytest
import torch

from shiftpress.assembly import build, load_study
from shiftpress.classifiers.convn import ConvN
from shiftpress.pruners.base import prunable

PARAMS = load_study([str(Path(__file__).parents[2] / "params.yaml")])


@pytest.fixture(params=PARAMS.pruners)
def pruner(request):
    return build("pruners", PARAMS.pruners[request.param])


@pytest.fixture(scope="module")
def weights():
    torch.manual_seed(0)
    return {name: w.detach() for name, w in prunable(ConvN(depth=2, width=0.25).build((1, 32, 32), 10)).items()}


def test_masks_are_boolean_nest_and_keep_exactly_what_was_asked(weights, pruner):
    before = {}
    total = sum(w.numel() for w in weights.values())
    for sparsity in pruner.sparsities:
        masks = pruner.masks(weights, sparsity, before)
        assert masks.keys() == weights.keys()
        assert all(m.dtype == torch.bool and m.shape == weights[n].shape for n, m in masks.items())
        removed = sum(int((~m).sum()) for m in masks.values())
        slack = 1 if pruner.scope == "global" else len(masks)
        assert abs(removed - sparsity * total) <= slack
        assert all((before[n] | ~masks[n]).all() for n in before)
        before = masks


def test_a_global_threshold_matches_a_full_sort(weights, pruner):
    if pruner.scope != "global":
        pytest.skip("layerwise")
    masks = pruner.masks(weights, 0.7, {})
    scores = torch.cat([w.abs().flatten() for w in weights.values()])
    kept = torch.cat([m.flatten() for m in masks.values()])
    assert torch.equal(scores[kept].sort().values, scores.sort().values[round(0.7 * len(scores)) :])
