"""Every compressor in params.yaml keeps the contract of compressors/base.py."""

from pathlib import Path

import pytest
import torch
from toy_hardening import hardening

from shiftpress.assembly import build
from shiftpress.core.factors import composed
from shiftpress.core.recipe import AtmcFit
from shiftpress.loading import load_study
from shiftpress.pruners.base import prunable

PARAMS = load_study([str(Path(__file__).parents[2] / "params.yaml")])


@pytest.fixture(params=PARAMS.compressors)
def compressor(request):
    return build("compressors", PARAMS.compressors[request.param])


def slopes(net, task):
    images = task.train.images[:16].float() / 255
    torch.nn.functional.cross_entropy(net(images), task.train.labels[:16]).backward()


def test_what_a_file_holds_makes_the_network_at_every_moment(compressor):
    task = hardening(net="convs")
    net = task.untrained()
    form = compressor.begin(prunable(net), compressor.ratios[-1])
    optimizer = torch.optim.SGD(form.trained, lr=0.05, momentum=0.9)
    for moment in range(4):
        if moment == 3:
            form.finish()
        made = composed(form.tensors(), compressor.free)
        for name, weight in prunable(net).items():
            assert torch.allclose(made[name].view(weight.shape), weight.detach(), atol=1e-6), (moment, name)
        if moment < 3:
            optimizer.zero_grad()
            slopes(net, task)
            form.gradients()
            assert all(part.grad is not None and part.grad.isfinite().all() for part in form.trained)
            optimizer.step()
            form.after()


def test_a_form_goes_on_from_its_checkpoint(compressor):
    task = hardening(net="convs")
    nets, forms = [task.untrained() for _ in range(2)], []
    for net in nets:
        forms.append(compressor.begin(prunable(net), compressor.ratios[-1]))
    for net, form in zip(nets[:1], forms[:1], strict=True):
        slopes(net, task)
        form.gradients()
        torch.optim.SGD(form.trained, lr=0.05).step()
        form.after()
    nets[1].load_state_dict(nets[0].state_dict())
    forms[1].load(forms[0].state())
    for form in forms:
        form.finish()
    first, second = (form.tensors() for form in forms)
    assert first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_names_of_networks_have_their_ratio_in_percent(compressor):
    whole = compressor.model_of("lenet", "x", 1.0)
    assert whole == "lenet/x" if compressor.ratios == [1.0] else whole == "lenet/x/100"
    assert compressor.model_of("lenet", "x", 0.0015) == "lenet/x/0.15"
    assert compressor.objective_of(AtmcFit()) in ("natural", "adversarial", "mixed", "trades")
