"""Every classifier and pruner in params.yaml keeps the contracts of their base.py."""

from pathlib import Path

import pytest
import torch

from shiftpress.assembly import build, load_study
from shiftpress.classifiers.base import Normalise
from shiftpress.pruners.base import prunable

PARAMS = load_study([str(Path(__file__).parents[2] / "params.yaml")])


@pytest.fixture(params=PARAMS.classifiers)
def classifier(request):
    torch.manual_seed(0)
    return build("classifiers", PARAMS.classifiers[request.param])


@pytest.fixture(params=PARAMS.pruners)
def pruner(request):
    return build("pruners", PARAMS.pruners[request.param])


@pytest.mark.parametrize("shape", [(1, 32, 32), (3, 32, 32), (1, 28, 28)])
def test_logits_have_a_column_per_class(classifier, shape):
    net = classifier.build(shape, 7).eval()
    assert net(torch.rand(3, *shape)).shape == (3, 7)


def test_normalisation_is_inside(classifier):
    net = classifier.build((3, 32, 32), 10)
    assert isinstance(net.normalise, Normalise)
    images = torch.rand(64, 3, 32, 32) * torch.tensor([0.2, 0.5, 1.0]).view(1, 3, 1, 1)
    net.normalise.fit(images)
    out = net.normalise(images)
    assert out.mean((0, 2, 3)).abs().max() < 1e-4 and (out.std((0, 2, 3)) - 1).abs().max() < 1e-3


def weights_of(classifier):
    return {name: w.detach() for name, w in prunable(classifier.build((1, 32, 32), 10)).items()}


def test_masks_are_boolean_nest_and_keep_exactly_what_was_asked(classifier, pruner):
    weights, before = weights_of(classifier), {}
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


def test_a_global_threshold_matches_a_full_sort(classifier, pruner):
    if pruner.scope != "global":
        pytest.skip("layerwise")
    weights = weights_of(classifier)
    masks = pruner.masks(weights, 0.7, {})
    scores = torch.cat([w.abs().flatten() for w in weights.values()])
    kept = torch.cat([m.flatten() for m in masks.values()])
    assert torch.equal(scores[kept].sort().values, scores.sort().values[round(0.7 * len(scores)) :])


def test_restarting_gives_a_state_the_network_takes(classifier, pruner):
    net = classifier.build((1, 32, 32), 10)
    net.load_state_dict(pruner.restart(net.state_dict()))
