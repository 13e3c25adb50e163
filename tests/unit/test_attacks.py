"""Attacks find what is known to be the worst, and differ as they are said to."""

import logging
from itertools import pairwise

import pytest
import torch
from pyautoattack import AutoAttack as PackageAutoAttack
from pydantic import ValidationError
from torch import nn
from toy_attacks import CLASSES, RADII, Linear, Normed, every_attack, images_of, shown_to

from shiftpress.attacks._package import NORMS
from shiftpress.attacks.apgd_t import ApgdT
from shiftpress.attacks.autoattack import AutoAttack
from shiftpress.attacks.base import Chance, distance, wrong
from shiftpress.attacks.fgsm import FGSM
from shiftpress.attacks.pgd import PGD, start_within
from shiftpress.attacks.pgd_paper import PaperPGD
from shiftpress.attacks.square import Square
from shiftpress.attacks.wrm import WRM
from shiftpress.core.attackable import ready_for_attack
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.problems import InputError
from shiftpress.evaluation.adversarial import Shown, Target, attacked, correct

LINEAR = Linear()


def run(attack, net, shown, strength, seed=3):
    return attack.perturb(net, shown.images, shown.labels, strength, Chance(seed, shown.ids))


def radius_needed(net: Linear, shown: Shown, norm: str) -> torch.Tensor:
    """The exact distance (N,) of each image from the nearest wrong class: margin by the dual norm of the difference."""
    logits = net(shown.images).detach()
    own = net.weight.detach()[shown.labels]
    found = []
    for other in range(len(net.weight)):
        apart = own - net.weight.detach()[other]
        size = apart.abs().sum(1) if norm == "linf" else apart.norm(dim=1)
        margin = logits.gather(1, shown.labels[:, None])[:, 0] - logits[:, other]
        found.append((margin / size).masked_fill(shown.labels == other, torch.inf))
    return torch.stack(found).amin(0)


@pytest.mark.parametrize("norm", list(RADII))
@pytest.mark.parametrize(
    # between several classes the cross-entropy does not lead straight to the nearest one
    ("name", "classes"),
    [("pgd", 2), ("apgd_ce", 2), ("fab_t", 2), ("apgd_t", CLASSES), ("fab_t", CLASSES), ("autoattack", CLASSES)],
)
def test_the_worst_case_of_a_linear_classifier_is_found_exactly(name, classes, norm):
    net, images = Linear(classes=classes), images_of(60)
    shown = Shown(images, net(images).argmax(1), torch.arange(60))
    needed = radius_needed(net, shown, norm)
    eps = float(needed.sort().values[29:31].mean())  # between two images: on one, rounding would decide
    assert needed.max() < (0.3 if norm == "linf" else 2.0)  # the edges of the range do not come into it
    clear = (needed - eps).abs() > 0.03 * eps
    attack = every_attack(norm)[name].model_copy(update={"steps": 60})
    broken = wrong(net(run(attack, net, shown, eps)), shown.labels)
    assert clear.sum() > 45 and torch.equal(broken[clear], (needed < eps)[clear])


def test_one_step_is_enough_between_two_classes():
    net = Linear(classes=2)
    images = images_of(60)
    shown = Shown(images, net(images).argmax(1), torch.arange(60))
    apart = (net.weight[0] - net.weight[1]).detach()
    needed = (net(images)[:, 0] - net(images)[:, 1]).detach().abs() / apart.abs().sum()
    eps = float(needed.sort().values[29:31].mean())  # between two images: on one, rounding would decide
    assert torch.equal(wrong(net(run(FGSM(eps=[eps]), net, shown, eps)), shown.labels), needed < eps)


def test_pgd_keeps_the_worst_of_all_its_points():
    net, shown = Normed(), shown_to(Normed(), wrong=0)
    losses = []
    for restarts in (1, 2, 5):
        found = run(PGD(eps=[0.005], steps=3, restarts=restarts), net, shown, 0.005)
        losses.append(nn.functional.cross_entropy(net(found), shown.labels, reduction="none").detach())
    settled = ~wrong(net(found), shown.labels)
    assert settled.sum() > 5
    assert (losses[1] >= losses[0])[settled].all() and (losses[2] >= losses[1])[settled].all()
    assert (losses[2] > losses[0])[settled].any()


def test_pgd_asks_no_more_about_an_image_that_is_lost():
    net, shown = Normed(), shown_to(Normed(), wrong=4)
    sizes = []
    net.register_forward_pre_hook(lambda module, inputs: sizes.append(len(inputs[0])))
    run(PGD(eps=[0.1], steps=20, restarts=3), net, shown, 0.1)
    assert sizes[0] == 24 and sizes[1] == 20 and sizes[-1] < 20 and len(sizes) < 1 + 3 * 21


@pytest.mark.parametrize("norm", list(RADII))
def test_random_starts_fill_the_ball(norm):
    images = images_of(2000)
    eps = RADII[norm]
    starts = start_within(images, eps, norm, Chance(1, torch.arange(2000)), 0)
    far = distance(starts, images, norm)
    assert far.max() <= eps * (1 + 1e-5) and far.min() > 0.5 * eps
    assert (starts - images).mean().abs() < eps / 100
    assert not torch.equal(starts, start_within(images, eps, norm, Chance(1, torch.arange(2000)), 1))


class Path(nn.Module):
    """Remembers where it was asked; its slope is the same everywhere."""

    def __init__(self):
        super().__init__()
        self.seen = []
        self.eval()

    def forward(self, images):
        self.seen.append(images.detach().clone())
        high = images.flatten(1).mean(1)
        return torch.stack([-high, high - 2.0], 1)


def test_the_attack_of_the_paper_goes_from_the_image_itself_in_steps_of_one_and_a_quarter_radius_over_n():
    images, eps, n = images_of(3), 0.08, 16
    shown = Shown(images, torch.zeros(3, dtype=torch.long), torch.arange(3))
    net = Path()
    found = run(PaperPGD(eps=[eps], steps=n), net, shown, eps)
    assert torch.equal(net.seen[0], images) and len(net.seen) == n  # no random start, no look at the last point
    lengths = [float((b - a).abs().max()) for a, b in pairwise(net.seen)]
    assert lengths[:12] == pytest.approx([1.25 * eps / n] * 12, rel=1e-4)
    assert distance(found, images, "linf").max() == pytest.approx(eps, rel=1e-5)
    again = run(PaperPGD(eps=[eps], steps=n), Path(), shown, eps, seed=4)
    assert torch.equal(found, again)


def test_pgd_starts_elsewhere_and_takes_twice_the_step():
    images, eps, n = images_of(3), 0.08, 16
    shown = Shown(images, torch.zeros(3, dtype=torch.long), torch.arange(3))
    net = Path()
    run(PGD(eps=[eps], steps=n), net, shown, eps)
    first, start = net.seen[0], net.seen[1]
    assert torch.equal(first, images) and 0.5 * eps < distance(start, images, "linf").min() <= eps * (1 + 1e-5)
    # the other edge is up to two radii away: its path crosses the ball, that of the paper does not
    inner = (net.seen[2] - net.seen[1]).abs().flatten(1).median(1).values
    assert inner.tolist() == pytest.approx([2.5 * eps / n] * 3, rel=1e-3)
    assert 2.5 * eps > 2 * eps > 1.25 * eps
    assert not torch.equal(run(PGD(eps=[eps], steps=n), Normed(), shown_to(Normed())[:3], eps, 1),
                           run(PGD(eps=[eps], steps=n), Normed(), shown_to(Normed())[:3], eps, 2))  # fmt: skip


class Valley(nn.Module):
    """Misclassifies between two walls that lie on the way of any step along the slope, and nowhere beyond."""

    def __init__(self):
        super().__init__()
        self.eval()

    def forward(self, images):
        high = (images - 0.5).flatten(1).mean(1)
        rise = 0.5 * high
        bump = 1.0 * torch.exp(-(((high - 0.03) / 0.004) ** 2))
        return torch.stack([torch.full_like(high, 0.6), rise + bump], 1)


def test_pgd_keeps_an_error_on_its_way_and_the_attack_of_the_paper_walks_past_it():
    net, images = Valley(), torch.full((4, 1, 8, 8), 0.5)
    shown = Shown(images, torch.zeros(4, dtype=torch.long), torch.arange(4))
    kept = run(PGD(eps=[0.05], steps=200, restarts=5), net, shown, 0.05)
    assert wrong(net(kept), shown.labels).all()
    last = run(PaperPGD(eps=[0.05], steps=2), net, shown, 0.05)
    assert not wrong(net(last), shown.labels).any()


def test_wrm_weighs_distance_and_knows_no_ball():
    net, shown = Linear(scale=0.3), shown_to(Linear(scale=0.3), wrong=0)
    near, far = (distance(run(WRM(gammas=[g]), net, shown, g), shown.images, "l2") for g in (0.1, 5.0))
    assert (far > near).all() and near.min() > 0
    # small slopes: the fixed point of x' = x + gamma grad CE
    net = Linear(scale=0.01)
    found = run(WRM(gammas=[1.0], steps=200), net, shown, 1.0)
    ce = torch.enable_grad()
    with ce:
        x = found.clone().requires_grad_()
        (slope,) = torch.autograd.grad(nn.functional.cross_entropy(net(x), shown.labels, reduction="sum"), x)
    assert torch.allclose(found - shown.images, slope, atol=1e-4)


def test_targeted_attacks_aim_at_no_more_classes_than_there_are():
    two = Linear(classes=2)
    images = images_of(4)
    shown = Shown(images, two(images).argmax(1), torch.arange(4))
    with pytest.raises(InputError, match="needs 4 classes"):
        run(ApgdT(eps=[0.1]), two, shown, 0.1)


@pytest.mark.parametrize(
    "fields",
    [{"eps": [0.2, 0.1]}, {"eps": [0.0, 0.1]}, {"eps": []}, {"eps": [8.0]}, {"eps": [0.1], "norm": "l1"}],
)
def test_radii_that_make_no_sense_are_refused(fields):
    with pytest.raises(ValidationError):
        PGD(**fields)
    assert PGD(norm="l2", eps=[0.5, 2.0]).strengths == [0.5, 2.0]


def package(net, shown, norm, eps, seed, batch, steps, queries, targets=9):
    """The package's own evaluation, with so much work for each attack; images and whether they withstand."""
    logging.getLogger("auto-attack").setLevel(logging.ERROR)
    names = ["apgd-ce", "apgd-t", "fab-t", "square"]
    theirs = PackageAutoAttack(net, norm=NORMS[norm], eps=eps, seed=seed, version="custom", attacks=names)
    standard = PackageAutoAttack(net, norm=NORMS[norm], eps=eps, seed=seed, version="standard")
    # everything as in version standard, but for how long
    for part in ("apgd", "apgd_targeted", "fab", "square"):
        facts = {k: v for k, v in vars(getattr(standard, part)).items() if k not in ("model", "predict")}
        vars(getattr(theirs, part)).update(facts)
    if steps != 100:
        for part in ("apgd", "apgd_targeted"):
            getattr(theirs, part).__init__(
                net, n_restarts=1, n_iter=steps, eps=eps, norm=NORMS[norm], seed=seed, device="cpu",
                logger=logging.getLogger("auto-attack"),
            )  # fmt: skip
    theirs.apgd_targeted.n_target_classes = theirs.fab.n_target_classes = min(targets, CLASSES - 1)
    theirs.fab.n_iter, theirs.square.n_queries = steps, queries
    found, said = theirs.run_standard_evaluation(shown.images.clone(), shown.labels.clone(), batch_size=batch)
    return found, said == shown.labels


@pytest.mark.parametrize("net", [Normed(), ready_for_attack(Normed())], ids=["as it is", "made ready"])
@pytest.mark.parametrize("norm", list(RADII))
def test_autoattack_is_the_packages_image_by_image(norm, net, tmp_path):
    eps, seed, batch = {"linf": 0.012, "l2": 0.06}[norm], 11, 13
    shown = shown_to(net, 45, wrong=4)
    attack = AutoAttack(norm=norm, eps=[eps], steps=15, queries=60)
    theirs, stands = package(net, shown, norm, eps, seed, batch, 15, 60)
    clean, store = correct(net, shown, batch), Checkpoints("c", tmp_path, 1e9)
    ours = attacked(attack, eps, Target(net), shown, clean, seed, batch, store, "t")
    assert torch.equal(ours.robust, stands)
    assert 0 < stands.sum() < clean.sum() and len(set(ours.part.tolist())) >= 3
    # and to the last bit, where one batch holds all
    theirs, stands = package(net, shown, norm, eps, seed, 100, 15, 60)
    found = run(attack, net, shown, eps, seed)
    broken = ~stands & clean
    assert torch.equal(found[broken], theirs[broken])


def test_by_default_it_is_the_packages_standard_version(tmp_path):
    net = Linear(scale=1.0)
    shown = shown_to(net, 12, wrong=2)
    eps = float(radius_needed(net, shown[:10], "linf").median())
    theirs = PackageAutoAttack(net, norm="Linf", eps=eps, seed=5)
    parts = AutoAttack(eps=[eps]).parts
    runners = [part.runner(net, eps, 5, torch.device("cpu")) for part in parts]
    for ours, name in zip(runners, ["apgd", "apgd_targeted", "fab", "square"], strict=True):
        other = getattr(theirs, name)
        left_out = {"logger", "device", "targeted", "loss", "model", "predict", "y_target"}
        assert {k: v for k, v in vars(ours).items() if k not in left_out} == {
            k: v for k, v in vars(other).items() if k not in left_out
        }
    assert [type(part).__name__ for part in parts] == ["ApgdCE", "ApgdT", "FabT", "Square"]
    assert theirs.attacks_to_run == ["apgd-ce", "apgd-t", "fab-t", "square"]
    assert runners[0].loss == "ce" and runners[2].targeted and isinstance(parts[3], Square)
