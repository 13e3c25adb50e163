"""Objectives train on the images their papers say, and remember what they should."""

import pytest
import torch

from shiftpress.codecs.angle import Angle
from shiftpress.codecs.fixed_rate import FixedRate
from shiftpress.codecs.nested import Nested
from shiftpress.codecs.residual import BASE, Residual
from shiftpress.core.affine import rotation, warp
from shiftpress.core.ascent import ascend, transport_cost
from shiftpress.core.codecnet import CodecNet, Coded, distortion
from shiftpress.objectives.angle_schedule import AngleSchedule
from shiftpress.objectives.base import Step, held
from shiftpress.objectives.erm import EmpiricalRisk
from shiftpress.objectives.group_dro import GroupDRO
from shiftpress.objectives.nested_rotation import NestedRotation
from shiftpress.objectives.nested_schedule import NestedSchedule
from shiftpress.objectives.noise_augmentation import NoiseAugmentation
from shiftpress.objectives.residual_schedule import ResidualSchedule
from shiftpress.objectives.rotation_augmentation import RotationAugmentation
from shiftpress.objectives.wasserstein_dro import WassersteinDRO

IMAGES = torch.rand(16, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 0.6 + 0.2


def step(number=9, seed=0):
    return Step(number, 10, torch.Generator().manual_seed(seed))


class Seen(CodecNet):
    """Reconstructs the constant 0.5 and keeps what it was shown, with the mode it was in."""

    stages = ("prefix", "full")

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(()))
        self.shown = []

    def forward(self, images, stage="full"):
        self.shown.append((images.detach(), stage, self.training, self.scale.requires_grad))
        return Coded(0.5 * self.scale.expand_as(images), images.new_full((len(images),), 3.0))


def trained_on(objective, memory=None, at=None):
    """The images and stage of the step that is descended: the last thing shown."""
    net = Seen().train()
    loss, bits = objective.loss(net, IMAGES, at or step(), objective.memory() if memory is None else memory)
    images, stage, training, learns = net.shown[-1]
    assert training and learns and bits.tolist() == [3.0] * len(IMAGES)
    loss.backward()
    assert net.scale.grad is not None
    return images, stage, net


def test_erm_trains_on_the_images_themselves():
    images, _, _ = trained_on(EmpiricalRisk())
    assert torch.equal(images, IMAGES)


def test_the_ascent_finds_the_known_worst_image():
    """For a fixed reconstruction and gamma > 1 the worst image is x + (x - x_hat) / (gamma - 1), lei2021.md 4b."""
    gamma, centre = 6.0, 0.5
    found = ascend(IMAGES, lambda x: distortion(x, torch.full_like(x, centre)), gamma, steps=400)
    expected = IMAGES + (IMAGES - centre) / (gamma - 1)
    assert expected.min() > 0 and expected.max() < 1, "the box plays no part here"
    assert torch.allclose(found, expected, atol=1e-3)


def test_worst_images_are_sought_in_evaluation_mode_and_trained_on_alone():
    images, _, net = trained_on(WassersteinDRO(gamma=4.0, steps=3))
    assert all(not training and not learns for _, _, training, learns in net.shown[:-1]) and len(net.shown) == 4
    moved = transport_cost(images, IMAGES)
    assert (moved > 0).all() and (distortion(images, 0.5 + 0 * images) > distortion(IMAGES, 0.5 + 0 * images)).all()
    assert net.training and net.scale.requires_grad


def test_a_fixed_gamma_stays_and_the_distance_is_remembered():
    objective = WassersteinDRO(gamma=4.0, steps=3)
    memory = objective.memory()
    images, _, _ = trained_on(objective, memory)
    assert float(memory["gamma"]) == 4.0
    assert float(memory["radius"]) == pytest.approx(float(transport_cost(images, IMAGES).mean()), rel=1e-5)


@pytest.mark.parametrize("start", [0.5, 20.0])
def test_dual_ascent_finds_the_gamma_of_the_wanted_radius(start):
    objective = WassersteinDRO(gamma=start, radius=6.0, steps=15, rate=0.1)
    memory, net = objective.memory(), Seen().train()
    for number in range(300):
        objective.loss(net, IMAGES, step(number), memory)
    assert float(memory["radius"]) == pytest.approx(6.0, rel=0.05)


def test_noise_has_the_wanted_distance_and_a_share_of_the_images_stays_clean():
    dull = NoiseAugmentation(radius=0.5, share=0.5)
    images, _, _ = trained_on(dull)
    moved = transport_cost(images, IMAGES)
    assert 2 <= (moved == 0).sum() <= 14
    assert float(moved[moved > 0].mean()) == pytest.approx(0.5, rel=0.1)
    everything, _, _ = trained_on(NoiseAugmentation(radius=0.5, share=1.0))
    assert (transport_cost(everything, IMAGES) > 0).all()


def test_rotation_augmentation_turns_a_share_each_by_its_own_angle():
    images, _, _ = trained_on(RotationAugmentation(share=0.5))
    assert 2 <= (transport_cost(images, IMAGES) == 0).sum() <= 14
    turned, _, _ = trained_on(RotationAugmentation(share=1.0))
    assert (transport_cost(turned, IMAGES) > 0).sum() >= 15 and not torch.equal(turned[0], turned[1])


class Upright(Seen):
    """Knows the images themselves by heart, and nothing else."""

    def forward(self, images, stage="full"):
        super().forward(images, stage)
        known = IMAGES.repeat(len(images) // len(IMAGES), 1, 1, 1)
        return Coded(known * self.scale, images.new_full((len(images),), 3.0))


@pytest.mark.parametrize("search", ["random", "global"])
def test_group_dro_trains_at_the_worst_angle_of_those_it_tried(search):
    net = Upright().train()
    objective = GroupDRO(search=search, angles=3)
    objective.loss(net, IMAGES, step(), {})
    *searched, (chosen, _, training, _) = net.shown
    # several angles may be tried in one batch
    tried = [turned for images, *_ in searched for turned in images.split(len(IMAGES))]
    risks = [float(distortion(images, IMAGES).mean()) for images in tried]
    assert training and len(tried) >= 3 and not any(training for _, _, training, _ in searched)
    assert float(distortion(chosen, IMAGES).mean()) == pytest.approx(max(risks), rel=1e-6)


def test_the_mixture_weighs_angles_by_their_losses():
    objective = GroupDRO(search="mixture", angles=4, rate=0.5)
    memory, net = objective.memory(), Upright().train()
    for number in range(20):
        objective.loss(net, IMAGES, step(number), memory)
    losses = [distortion(warp(IMAGES, rotation(torch.tensor(a), IMAGES), "nearest"), IMAGES).mean()
              for a in (-180.0, -90.0, 0.0, 90.0)]  # fmt: skip
    assert float(memory["weights"].sum()) == pytest.approx(1)
    assert memory["weights"].argsort().tolist() == torch.stack(losses).argsort().tolist()


def test_the_nested_schedule_warms_up_and_then_tosses_a_coin():
    objective = NestedSchedule(gamma=4.0, steps=2, warm_up=0.3)
    for seed in range(6):
        images, stage, _ = trained_on(objective, at=step(1, seed))
        assert stage == "prefix" and torch.equal(images, IMAGES)
    seen = set()
    for seed in range(12):
        images, stage, _ = trained_on(objective, at=step(9, seed))
        seen.add(stage)
        assert torch.equal(images, IMAGES) == (stage == "prefix"), "worst images go to the last stage"
    assert seen == {"prefix", "full"}


def test_a_nested_code_for_rotations_shows_the_worst_angle_to_the_whole_code_alone():
    objective = NestedRotation(angles=3, warm_up=0.3)
    assert not objective.memory()
    for seed in range(6):
        images, stage, _ = trained_on(objective, at=step(1, seed))
        assert stage == "prefix" and torch.equal(images, IMAGES)
    seen = set()
    for seed in range(12):
        images, stage, net = trained_on(objective, at=step(9, seed))
        seen.add(stage)
        if stage == "prefix":
            assert torch.equal(images, IMAGES)
            continue
        tried, asked, training, learns = net.shown[0]
        assert asked == "full" and not training and not learns and len(tried) == 3 * len(IMAGES)
        losses = (tried - 0.5).square().flatten(1).sum(1).view(3, -1).mean(1)
        assert torch.equal(images, tried.split(len(IMAGES))[int(losses.argmax())])
    assert seen == {"prefix", "full"}


def test_the_ablation_shows_clean_images_to_the_whole_code_too():
    net = Seen().train()
    NestedSchedule(gamma=4.0, steps=2, clean_whole=True).loss(net, IMAGES, step(0), {})
    shown = [(torch.equal(images, IMAGES), stage) for images, stage, *_ in net.shown]
    assert shown == [(True, "prefix"), (True, "full")]


def test_the_base_of_a_residual_code_is_left_alone_in_the_second_half():
    torch.manual_seed(0)
    net = Residual(width=2).build((1, 32, 32)).train()
    objective = ResidualSchedule(gamma=4.0, steps=2)
    loss, _ = objective.loss(net, IMAGES, step(0), objective.memory())
    loss.backward()
    first = {name for name, p in net.named_parameters() if p.grad is not None}
    assert first and all(f".{BASE}." in name for name in first)
    net.zero_grad()
    before = {name: b.clone() for name, b in net.named_buffers() if f".{BASE}." in name}
    loss, _ = objective.loss(net, IMAGES, step(9), objective.memory())
    loss.backward()
    later = {name for name, p in net.named_parameters() if p.grad is not None}
    assert later and not any(f".{BASE}." in name for name in later)
    assert all(torch.equal(before[name], b) for name, b in net.named_buffers() if name in before)
    assert net.encoders[BASE].training


def test_the_nested_code_trains_its_encoder_through_both_decoders():
    net = Nested(width=2).build((1, 32, 32)).train()
    for stage, other in (("prefix", "full"), ("full", "prefix")):
        net.zero_grad()
        net.loss(IMAGES, stage)[0].mean().backward()
        reached = {name for name, p in net.named_parameters() if p.grad is not None}
        assert any(name.startswith("encoder") for name in reached)
        assert not any(f"decoders.{other}" in name for name in reached)


def test_the_finder_learns_angles_and_the_autoencoder_sees_upright_images():
    torch.manual_seed(0)
    net = Angle(width=2, angle_width=2).build((1, 32, 32)).train()
    loss, _ = AngleSchedule().loss(net, IMAGES, step(), {})
    loss.backward()
    assert all(p.grad is not None for p in net.parameters())
    upright = net.loss(IMAGES, "upright")[0].mean()
    assert float(loss) == pytest.approx(float(upright) + 5.9, abs=0.3), "log 360 is 5.89"


def test_an_angle_code_that_finds_the_angle_undoes_the_rotation():
    net = Angle(width=2, angle_width=2).build((1, 32, 32)).eval()
    smooth = torch.nn.functional.interpolate(torch.rand(4, 1, 4, 4), size=32, mode="bilinear")
    turned = warp(smooth, rotation(torch.tensor(37.0), smooth), "nearest")
    net.finder.register_forward_hook(lambda module, inputs, out: torch.eye(360)[217].expand_as(out))
    shown = []
    net.encoder.register_forward_pre_hook(lambda module, inputs: shown.append(inputs[0]))
    with torch.no_grad():
        net(turned)
    inside = (slice(None), slice(None), slice(10, 22), slice(10, 22))
    assert (shown[0] - smooth)[inside].abs().mean() < 0.25 * (turned - smooth)[inside].abs().mean()


def test_held_gives_the_network_back_as_it_was_even_after_a_failure():
    net = FixedRate(width=2).build((1, 32, 32)).train()
    with pytest.raises(RuntimeError), held(net):
        assert not net.training and not any(p.requires_grad for p in net.parameters())
        raise RuntimeError
    assert net.training and all(p.requires_grad for p in net.parameters())


def test_a_held_network_says_what_it_says_and_afterwards_what_its_weights_do_then():
    net, images = FixedRate(width=2).build((1, 32, 32)).train(), torch.rand(3, 1, 32, 32)
    with torch.no_grad():
        net(images)
        for _ in range(2):
            alone = net.eval()(images).images
            with held(net):
                inside = net(images).images
            assert torch.equal(inside, alone)
            assert torch.equal(net.eval()(images).images, alone)
            torch._foreach_mul_(list(net.parameters()), 1.1)
