"""The attack inside training stays in its ball and leaves the network alone; objectives are what they say."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from toy_hardening import hardening

from shiftpress.core.attackable import GreyConv2d
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.linf import ascend_signs, start
from shiftpress.core.progress import Progress
from shiftpress.core.recipe import AtmcFit
from shiftpress.training.compressing import train_base
from shiftpress.training.lessons import Lesson
from shiftpress.training.sparse import state_of


def batch(task, seed=0):
    positions = torch.arange(16)
    return *task.views(positions, torch.Generator().manual_seed(seed)), task.train.labels[positions]


def test_signs_climb_within_the_ball_and_the_pixel_range():
    rng = torch.Generator().manual_seed(0)
    images = torch.rand(5, 1, 6, 6, generator=rng)
    slope = torch.randn(images.shape, generator=rng)
    slope[0] = 0
    found = ascend_signs(images, images, lambda x: (x * slope).flatten(1).sum(1), 0.1, 0.04, 10)
    wanted = (images + 0.1 * slope.sign()).clamp(0, 1)
    assert torch.allclose(found, wanted) and torch.equal(found[0], images[0]), "without a slope nothing moves"
    few = ascend_signs(images, images, lambda x: (x * slope).flatten(1).sum(1), 0.1, 0.04, 1)
    assert torch.allclose(few, (images + 0.04 * slope.sign()).clamp(0, 1))
    noise = 2 * torch.rand(images.shape, generator=rng) - 1
    begun = start(images, 0.1, noise)
    assert (begun - images).abs().max() <= 0.1 + 1e-7 and 0 <= begun.min() and begun.max() <= 1
    assert not torch.equal(begun, images), "the start is where the noise says"


@pytest.mark.parametrize("objective", ["adversarial", "trades"])
def test_attacked_images_stay_in_the_ball_and_raise_the_loss(objective):
    task = hardening(net="convs", objective=objective, radius=0.05, attack_steps=5)
    net = task.untrained()
    images, noise, labels = batch(task)
    found = task.attacked(net, images, labels, noise)
    assert (found - images).abs().max() <= 0.05 + 1e-6 and 0 <= found.min() and found.max() <= 1
    net.eval()
    with torch.no_grad():
        clean, hard = net(images), net(found)
        begun = net(start(images, 0.05, noise))
    if objective == "adversarial":
        assert F.cross_entropy(hard, labels) > F.cross_entropy(begun, labels)
    else:
        unlike = [F.kl_div(one.log_softmax(1), clean.softmax(1), reduction="batchmean") for one in (begun, hard)]
        assert unlike[1] > unlike[0]


def test_crafting_moves_no_batch_statistics_unless_it_is_told_to():
    for mode, moves in (("eval", False), ("train", True)):
        task = hardening(net="convs", crafted_in=mode)
        net = task.untrained()
        images, noise, labels = batch(task)
        before = state_of(net)
        task.attacked(net, images, labels, noise)
        assert net.training
        after = net.state_dict()
        assert any(not torch.equal(before[name], after[name]) for name in before) == moves
        assert all(parameter.grad is None for parameter in net.parameters())


def test_quick_layers_change_attacks_by_rounding_and_training_on_their_images_not_at_all():
    task = hardening(attack_steps=5, radius=0.05)
    net, plain = task.untrained(), Lesson.untrained(task)
    assert isinstance(net.conv0, GreyConv2d) and type(plain.conv0) is nn.Conv2d
    images, noise, labels = batch(task)
    found, wanted = (task.attacked(one, images, labels, noise) for one in (net, plain))
    # a slope that rounds to the other side of zero moves a pixel the other way
    assert ((found - wanted).abs() > 1e-6).double().mean() < 0.002
    slopes = [torch.autograd.grad(F.cross_entropy(one(wanted), labels), list(one.parameters())) for one in (net, plain)]
    assert all(torch.equal(a, b) for a, b in zip(*slopes, strict=True))


def test_objectives_are_what_they_say():
    tasks = {o: hardening(objective=o, radius=0.05) for o in ("natural", "adversarial", "mixed", "trades")}
    net = tasks["natural"].untrained()
    images, noise, labels = batch(tasks["natural"])
    hard = tasks["adversarial"].attacked(net, images, labels, noise)
    clean, attacked = F.cross_entropy(net(images), labels), F.cross_entropy(net(hard), labels)
    losses = {o: task.loss(net, [images, noise], labels, False) for o, task in tasks.items()}
    assert torch.allclose(losses["natural"], clean) and torch.allclose(losses["adversarial"], attacked)
    assert torch.allclose(losses["mixed"], (clean + attacked) / 2)
    other = tasks["trades"].attacked(net, images, labels, noise)
    unlike = F.kl_div(net(other).log_softmax(1), net(images).softmax(1), reduction="batchmean")
    assert torch.allclose(losses["trades"], clean + 6 * unlike, rtol=1e-4)


def test_without_a_random_start_the_attack_begins_at_the_image():
    task = hardening(random_start=False, attack_steps=1, reach=0.5, radius=0.1)
    net = task.untrained()
    images, noise, labels = batch(task)
    found = task.attacked(net, images, labels, noise)
    assert (found - images).abs().max() <= 0.05 + 1e-6
    again = task.attacked(net, images, labels, -noise)
    assert torch.equal(found, again)


def test_noise_does_not_depend_on_the_method_and_is_drawn_whatever_it_needs():
    for objective in ("natural", "adversarial", "trades"):
        task = hardening(objective=objective)
        random = torch.Generator().manual_seed(5)
        task.views(torch.arange(16), random)
        assert torch.equal(random.get_state(), _after_views())


def _after_views():
    random = torch.Generator().manual_seed(5)
    hardening().views(torch.arange(16), random)
    return random.get_state()


def test_radii_steps_and_step_sizes_are_those_of_their_dataset():
    fit = AtmcFit(radius=0.1, radii={"toy": 0.2}, lr=0.3, lrs={"toy": 0.4}, attack_steps=7, steps={"toy": 16})
    assert (fit.steps_on("toy"), fit.steps_on("other")) == (16, 7)
    assert (fit.radius_on("toy"), fit.radius_on("other")) == (0.2, 0.1)
    assert (fit.on("toy").lr, fit.on("other").lr) == (0.4, 0.3) and fit.on("toy").radius_on("toy") == 0.2


def test_a_base_network_is_trained_with_the_step_size_of_its_dataset(tmp_path):
    found = []
    for name, fit in {"a": {"lr": 0.002}, "b": {"lr": 0.5, "lrs": {"toy": 0.002}}}.items():
        found.append(train_base(hardening(**fit), Checkpoints(name, tmp_path), Progress("t", 9)))
    assert all(torch.equal(found[0][key], found[1][key]) for key in found[0])
