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
