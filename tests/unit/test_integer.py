"""Classifiers in whole numbers say what those that round in float32 say."""

import pytest
import torch
from toy_quantised import NETS, images_of, toy

from shiftpress.core.problems import InputError
from shiftpress.packing import integer
from shiftpress.packing.integer import IntegerNet, adds_exactly, deployed
from shiftpress.quantizers.min_max import MinMax
from shiftpress.quantizers.mse import Mse

IMAGES = images_of(400, seed=5)
CASES = [(name, Mse()) for name in NETS]
CASES += [(name, other) for name in ("lenet", "resnet") for other in (Mse(weight_bits=4), MinMax(weights="max"))]
kernels = pytest.mark.skipif(not adds_exactly(), reason="the processor has no VNNI")


@kernels
@pytest.mark.parametrize(("name", "quantizer"), CASES)
@torch.no_grad()
def test_predictions_agree_with_those_of_the_network_that_rounds(name, quantizer):
    found = quantizer.quantise(toy(name), images_of(64))
    rounds, whole = found.net(), IntegerNet(found)
    ours, theirs = whole(IMAGES), rounds(IMAGES)
    assert (ours.argmax(1) == theirs.argmax(1)).double().mean() >= 0.995
    assert len(theirs.argmax(1).unique()) > 1, "or agreement would say nothing"
    assert (ours - theirs).abs().median() < 1e-5 * theirs.abs().max()


@kernels
def test_images_are_seen_alike_in_any_batch_and_are_not_changed():
    whole = IntegerNet(Mse().quantise(toy("resnet"), images_of(64)))
    before = IMAGES.clone()
    singly = torch.cat([whole(image[None]) for image in IMAGES[:16]])
    together = whole(IMAGES[:16])
    assert torch.equal(IMAGES, before) and (singly.argmax(1) == together.argmax(1)).all()
    assert torch.equal(whole(IMAGES[:16]), together), "nothing is left from one batch to the next"


@pytest.mark.parametrize(("size", "step"), [(2, 2), (3, 2), ((2, 3), (1, 2))])
def test_the_largest_of_windows_is_that_of_torch(size, step):
    x = torch.randint(0, 256, (2, 3, 9, 10), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    ours = integer._largest(x, size, step).float()
    assert torch.equal(ours, torch.nn.functional.max_pool2d(x.float(), size, step))


@pytest.mark.parametrize("bits", [6, 32])
def test_other_activations_have_no_kernels_and_run_in_float32(bits):
    found = Mse(activation_bits=bits).quantise(toy("convs"), images_of(64))
    with pytest.raises(InputError, match="8 bits"):
        IntegerNet(found)
    assert torch.equal(deployed(found)(IMAGES[:8]), found.net()(IMAGES[:8]))


def test_processors_whose_kernels_clip_sums_are_refused(monkeypatch):
    monkeypatch.setattr(integer, "adds_exactly", lambda: False)
    found = Mse().quantise(toy("convs"), images_of(64))
    with pytest.raises(InputError, match="clip sums"):
        IntegerNet(found)
    assert torch.equal(deployed(found)(IMAGES[:8]), found.net()(IMAGES[:8]))
