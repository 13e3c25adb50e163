"""Every quantizer in params.yaml keeps the contract of quantizers/base.py."""

from pathlib import Path

import pytest
import torch
from toy_quantised import NETS, images_of, toy

from shiftpress.assembly import build
from shiftpress.loading import load_study

PARAMS = load_study([str(Path(__file__).parents[2] / "params.yaml")])


@pytest.fixture(params=PARAMS.quantizers)
def quantizer(request):
    return build("quantizers", PARAMS.quantizers[request.param])


@pytest.mark.parametrize("name", ["convs", "resnet", "preact"])
def test_everything_that_is_rounded_has_a_grid_and_everything_else_has_none(quantizer, name):
    found = quantizer.quantise(toy(name), images_of(64))
    weights, points = found.scheme.weights(found.steps), found.scheme.points(found.steps)
    assert {n.split("/")[0] for n in found.tensors if n.endswith("/scale")} == set(points)
    for step, bits in weights.items():
        codes = found.tensors[f"{step}/codes"]
        assert codes.dtype == torch.int8 and codes.abs().max() <= 2 ** (bits - 1) - 1
        assert (found.tensors[f"{step}/scales"] > 0).all() and f"{step}/weight" not in found.tensors
    for point, bits in points.items():
        assert found.tensors[f"{point}/scale"] > 0 and 0 <= found.tensors[f"{point}/zero"] < 2**bits
    assert bool(points) == (quantizer.activation_bits < 32)


def test_calibration_sees_the_first_images_alone_and_is_the_same_every_time(quantizer):
    few = quantizer.model_copy(update={"images": 32})
    images, net = images_of(64), toy("convn_bn")
    first = few.quantise(net, images)
    images[32:] = 1 - images[32:]
    second = few.quantise(net, images)
    assert first.tensors.keys() == second.tensors.keys()
    assert all(torch.equal(tensor, second.tensors[name]) for name, tensor in first.tensors.items())


@torch.no_grad()
def test_limits_reach_no_further_than_what_was_seen(quantizer):
    from shiftpress.quantizers._histograms import Histogram

    seen = Histogram.empty(-1.0, 4.0)
    seen.add(torch.linspace(-1, 4, 5000))
    low, high = quantizer.limits(seen, 8)
    assert -1.001 <= low <= 0 < high <= 4.001


def test_the_toys_are_of_every_kind_of_classifier():
    assert {kind for kind, _ in NETS.values()} == {entry.kind for entry in PARAMS.classifiers.values()}
