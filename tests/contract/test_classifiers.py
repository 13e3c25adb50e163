"""Every classifier in params.yaml keeps the contract of classifiers/base.py."""

from pathlib import Path

import pytest
import torch

from shiftpress.assembly import build
from shiftpress.classifiers.base import Normalise
from shiftpress.loading import load_study

PARAMS = load_study([str(Path(__file__).parents[2] / "params.yaml")])


@pytest.fixture(params=PARAMS.classifiers)
def classifier(request):
    torch.manual_seed(0)
    found = build("classifiers", PARAMS.classifiers[request.param])
    return found.model_copy(update={"width": found.width / 8})


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


def test_a_third_of_its_removable_filters_makes_a_network_too(classifier):
    assert classifier.filters, "every kind says what can be removed of it"
    small = classifier.narrowed([max(1, one.count // 3) for one in classifier.filters])
    net, whole = (made.build((1, 32, 32), 7).eval() for made in (small, classifier))
    assert net(torch.rand(3, 1, 32, 32)).shape == (3, 7)
    assert sum(p.numel() for p in net.parameters()) < sum(p.numel() for p in whole.parameters())
    modules = dict(net.named_modules())
    for one in small.filters:
        assert len(modules[one.layer].weight) == one.count and modules[one.reader].weight.shape[1] % one.count == 0
        assert one.norm is None or modules[one.norm].num_features == one.count
