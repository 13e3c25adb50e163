"""Every attack keeps the contract of attacks/base.py, in both norms."""

import copy

import pytest
import torch
from toy_attacks import CLASSES, RADII, Normed, every_attack, shown_to

from shiftpress.attacks.base import Attack, BallAttack, Chance, distance, wrong
from shiftpress.core.catalog import component, kinds

NET = Normed()
SHOWN = shown_to(NET)
CASES = [
    (norm, name) for norm in RADII for name, attack in every_attack(norm).items() if norm == "linf" or name != "wrm"
]


SCREENED = [(norm, "screened") for norm in RADII]


@pytest.fixture(params=CASES + SCREENED, ids="-".join)
def attack(request) -> Attack:
    norm, name = request.param
    if name == "screened":
        return every_attack(norm)["autoattack"].model_copy(update={"screen": 5})
    return every_attack(norm)[name]


def moved(attack: Attack, shown=SHOWN, seed: int = 3, strength: float | None = None, net=NET) -> torch.Tensor:
    strength = attack.strengths[-1] if strength is None else strength
    return attack.perturb(net, shown.images, shown.labels, strength, Chance(seed, shown.ids))


def test_every_kind_is_tried():
    assert set(every_attack()) == set(kinds("attacks"))
    assert all(type(attack) is component("attacks", name) for name, attack in every_attack().items())


def test_images_stay_in_the_ball_and_in_range(attack):
    found = moved(attack)
    assert found.shape == SHOWN.images.shape and found.dtype == torch.float32 and not found.requires_grad
    assert found.min() >= 0 and found.max() <= 1
    if isinstance(attack, BallAttack):
        assert distance(found, SHOWN.images, attack.norm).max() <= attack.strengths[-1] * (1 + 1e-5) + 1e-6


def test_the_edges_of_the_range_are_kept(attack):
    net, dark = Normed(1), shown_to(Normed(1))
    black = type(dark)(dark.images.round(), net(dark.images.round()).argmax(1), dark.ids)
    strength = 0.5 if isinstance(attack, BallAttack) else attack.strengths[-1]
    found = moved(attack, black, strength=strength, net=net)
    assert found.min() >= 0 and found.max() <= 1 and found.isfinite().all()


def test_a_radius_of_zero_moves_nothing(attack):
    if not isinstance(attack, BallAttack):
        pytest.skip("has no radius")
    assert torch.equal(moved(attack, strength=0.0), SHOWN.images)


def test_the_attack_does_something(attack):
    left = ~wrong(NET(moved(attack)), SHOWN.labels)
    assert left.sum() < (~wrong(NET(SHOWN.images), SHOWN.labels)).sum()


def test_the_network_and_the_images_stay_as_they_were(attack):
    net, shown = copy.deepcopy(NET), copy.deepcopy(SHOWN)
    net.body[0].bias.requires_grad_(False)  # a frozen parameter stays frozen, and the others are not
    modes = [module.training for module in net.modules()]
    asks = [parameter.requires_grad for parameter in net.parameters()]
    moved(attack, shown, net=net)
    assert all(torch.equal(a, b) for a, b in zip(net.state_dict().values(), NET.state_dict().values(), strict=True))
    assert modes == [module.training for module in net.modules()]
    assert asks == [parameter.requires_grad for parameter in net.parameters()]
    assert all(parameter.grad is None for parameter in net.parameters())
    assert torch.equal(shown.images, SHOWN.images) and torch.equal(shown.labels, SHOWN.labels)


def test_torchs_generator_stays_where_it_was(attack):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    moved(attack)
    assert torch.equal(before, torch.get_rng_state())


def test_the_same_seed_gives_the_same_images(attack):
    torch.manual_seed(1)
    first = moved(attack)
    torch.manual_seed(2)
    assert torch.equal(first, moved(attack))


def test_an_attack_with_random_numbers_takes_them_from_its_seed(attack):
    if getattr(attack, "screen", 0):
        pytest.skip("what its screening finds is drawn by nobody")
    drawn = not torch.equal(moved(attack, seed=3), moved(attack, seed=4))
    assert drawn == (type(attack).__name__ in ("PGD", "ApgdCE", "ApgdT", "Square", "AutoAttack"))


def test_random_numbers_of_our_own_attacks_belong_to_an_image(attack):
    if type(attack).__name__ not in ("FGSM", "PGD", "PaperPGD", "WRM"):
        pytest.skip("the package draws for a batch")
    alone = moved(attack, SHOWN[5:9])
    assert torch.allclose(alone, moved(attack)[5:9], atol=1e-5)


def test_an_attack_that_keeps_the_best_never_helps(attack):
    if not attack.keeps_best:
        pytest.skip("its last step counts")
    before, after = wrong(NET(SHOWN.images), SHOWN.labels), wrong(NET(moved(attack)), SHOWN.labels)
    assert before.sum() == 3 and (after | ~before).all()


def test_a_network_in_training_is_refused(attack):
    net = copy.deepcopy(NET)
    net.body[3].train()
    with pytest.raises(ValueError, match="eval"):
        moved(attack, net=net)


def test_no_images_are_no_problem(attack):
    assert moved(attack, SHOWN[:0]).shape == (0, *SHOWN.images.shape[1:])


def test_one_image_is_no_problem(attack):
    assert moved(attack, SHOWN[2:3]).shape == SHOWN.images[2:3].shape


def test_labels_may_be_any_class(attack):
    all_wrong = type(SHOWN)(SHOWN.images, (SHOWN.labels + 1) % CLASSES, SHOWN.ids)
    found = moved(attack, all_wrong)
    assert found.shape == SHOWN.images.shape
    if attack.keeps_best and type(attack).__name__ != "PGD":
        still = wrong(NET(SHOWN.images), all_wrong.labels)
        assert torch.equal(found[still], SHOWN.images[still])
