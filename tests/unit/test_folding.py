"""Folded classifiers say what they said before, and what cannot be folded stays."""

import pytest
import torch
from torch import nn
from toy_quantised import CLASSES, NETS, SHAPE, images_of, toy

from shiftpress.core.catalog import component
from shiftpress.core.folding import FoldedNet, folded
from shiftpress.core.problems import InputError

KEPT = {"convs": 1, "preact": 5, "preact_released": 4}
"""Normalisations that stand behind no convolution of their own; "released" has one less, as its stem has one user."""


@pytest.mark.parametrize("name", NETS)
@torch.no_grad()
def test_a_folded_network_gives_the_same_logits(name):
    net, images = toy(name), images_of(16, seed=1)
    found = folded(net)
    before, after = net(images), FoldedNet(found)(images)
    assert (after - before).abs().max() < 1e-5 * max(1.0, float(before.abs().max()))
    assert [step.op for step in found.steps].count("affine") == KEPT.get(name, 0)
    assert {step.op for step in found.steps}.isdisjoint({"norm", "relu"})


def test_folding_leaves_the_network_as_it_is():
    net = toy("resnet")
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    for tensor in folded(net).tensors.values():
        tensor.add_(1)
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


@pytest.mark.parametrize("name", NETS)
def test_networks_without_memory_have_the_same_steps_and_shapes(name):
    kind, fields = NETS[name]
    with torch.device("meta"):
        blank = folded(component("classifiers", kind)(**fields).build(SHAPE, CLASSES))
    found = folded(toy(name))
    assert blank.steps == found.steps
    forms = [{n: (t.shape, t.dtype) for n, t in one.tensors.items()} for one in (blank, found)]
    assert forms[0] == forms[1]


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ([nn.Conv2d(4, 4, 3, groups=2)], "groups"),
        ([nn.Conv2d(3, 4, 3, padding="same")], "padded oddly"),
        ([nn.Conv2d(3, 4, 3), nn.Sigmoid()], "Sigmoid"),
        ([nn.Conv2d(3, 4, 3), nn.MaxPool2d(2, ceil_mode=True)], "pool"),
        ([nn.Conv2d(3, 4, 3), nn.MaxPool2d(2), nn.ReLU()], "follows no layer"),
        ([nn.AdaptiveAvgPool2d(2)], "mean"),
        ([nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False)], "statistics"),
    ],
)
def test_networks_of_other_steps_are_refused_with_the_reason(layers, said):
    with pytest.raises(InputError, match=said):
        folded(nn.Sequential(*layers).eval())
