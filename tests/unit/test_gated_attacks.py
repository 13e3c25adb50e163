"""Attacks on decks see the gate: as it decides, as it could decide, and smoothly."""

import pytest
import torch
from test_decks import BANK, DECK, FILES
from torch import nn

from shiftpress.attacks.base import Chance, wrong
from shiftpress.attacks.pgd import PGD
from shiftpress.attacks.pgd_paper import PaperPGD
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.problems import InputError
from shiftpress.evaluation.adversarial import Shown, attacked, correct
from shiftpress.evaluation.decks import Dealt, Table
from shiftpress.evaluation.deployed import classify
from shiftpress.evaluation.gated import GatedDeck, decisions, deck_target, target_of
from shiftpress.evaluation.hands import laid_out
from shiftpress.gates.confidence import Confidence
from shiftpress.gates.learned import Learned
from shiftpress.gates.oracle import Oracle
from shiftpress.gates.random import Random
from shiftpress.gates.spectral import Spectral
from shiftpress.gates.uniform import Uniform

GATES = {
    "uniform": Uniform(),
    "uniform_logits": Uniform(average="logits"),
    "spectral": Spectral(),
    "radial": Spectral(feature="radial", statistic="knn"),
    "learned": Learned(),
    "confidence": Confidence(),
    "oracle": Oracle(),
    "random": Random(),
}
DEPLOYED = ["uniform", "uniform_logits", "spectral", "radial", "learned", "confidence"]
DECIDING = ["spectral", "radial", "learned", "confidence"]
IMAGES = torch.rand(20, 1, 16, 16, generator=torch.Generator().manual_seed(4))


@pytest.fixture(scope="module")
def table() -> Table:
    return laid_out(FILES, {"pair": DECK}, GATES, BANK)


@pytest.mark.parametrize("gate", DEPLOYED)
def test_the_attacked_network_is_the_deployed_deck(table, gate):
    net = GatedDeck(table, table.decks[0], gate)
    chances = classify(table, table.decks[0], gate, 1, IMAGES, torch.Generator().manual_seed(0))
    assert torch.allclose(net(IMAGES).softmax(1).double(), chances, atol=1e-6)
    assert not any(module.training for module in net.modules())


@pytest.mark.parametrize("gate", DECIDING)
def test_gradients_lead_through_the_soft_gate_alone(table, gate):
    deck = table.decks[0]
    for way, leads in (("hard", False), ("soft", True)):
        net = GatedDeck(table, deck, gate, way)
        images = IMAGES.clone().requires_grad_()
        weights = net._weights(images, torch.stack([card(images) for card in net.cards]))
        assert weights.requires_grad == leads and torch.allclose(weights.sum(1), torch.ones(20))
    weights.square().sum().backward()
    assert images.grad.isfinite().all() and images.grad.abs().sum() > 0


@pytest.mark.parametrize("gate", DECIDING)
def test_the_soft_gate_leans_to_where_the_hard_one_goes(table, gate):
    soft, hard = (GatedDeck(table, table.decks[0], gate, way) for way in ("soft", "hard"))
    logits = torch.stack([card(IMAGES) for card in soft.cards])
    ours, theirs = soft._weights(IMAGES, logits), hard._weights(IMAGES, logits)
    if gate != "radial":  # its neighbours are counted, the soft one measures the distance to their mean
        assert ((ours > 0.25) == (theirs > 0.25)).double().mean() > 0.9
    assert torch.allclose(ours.sum(1), torch.ones(20))


def test_images_without_a_spectrum_have_finite_gradients(table):
    net = GatedDeck(table, table.decks[0], "spectral", "soft")
    images = torch.full((2, 1, 16, 16), 0.25).requires_grad_()
    net(images)[:, 0].sum().backward()
    assert images.grad.isfinite().all()


def test_each_decision_is_its_group_alone(table):
    found = decisions(table, table.decks[0], "spectral")
    assert list(found) == ["augmix", "gaussian"]
    for name, net in found.items():
        own = [card for card, group in zip(net.cards, table.decks[0].groups, strict=True) if group == name]
        mean = torch.stack([card(IMAGES).double().softmax(1) for card in own]).mean(0)
        assert torch.allclose(net(IMAGES).exp().double(), mean, atol=1e-6)
    assert decisions(table, table.decks[0], "uniform") == {}


@pytest.mark.parametrize(("gate", "words"), [("oracle", "labels"), ("random", "guesses")])
def test_gates_that_nobody_can_deploy_or_repeat_are_refused(table, gate, words):
    with pytest.raises(InputError, match=words):
        GatedDeck(table, table.decks[0], gate)


def test_stand_ins_of_a_deck_only_make_attacks_stronger(table, tmp_path):
    target = deck_target(table, table.decks[0], "spectral")
    assert set(target.standins) == {"soft_gate", "decision_augmix", "decision_gaussian"}
    assert deck_target(table, table.decks[0], "uniform").standins == {}
    shown = Shown(IMAGES, target.net(IMAGES).argmax(1), torch.arange(20))
    clean, found = correct(target.net, shown, 20), {}
    for routes in ("own", "all"):
        attack = PGD(eps=[0.03], steps=5, routes=routes)
        found[routes] = attacked(attack, 0.03, target, shown, clean, 0, 20, Checkpoints(routes, tmp_path, 1e9), "t")
    assert not (found["all"].robust & ~found["own"].robust).any()


@pytest.mark.parametrize("kind", [PGD, PaperPGD])
def test_every_route_is_tried_on_every_image_and_the_worst_counts(table, tmp_path, kind):
    target = deck_target(table, table.decks[0], "spectral")
    shown = Shown(IMAGES, target.net(IMAGES).argmax(1), torch.arange(20))
    clean, attack = correct(target.net, shown, 20), kind(eps=[0.02], steps=4, routes="all")

    found = attacked(attack, 0.02, target, shown, clean, 0, 7, Checkpoints("r", tmp_path, 1e9), "t")
    standing = {}
    for name, net in {"own": target.net, **target.standins}.items():
        moved = attack.perturb(net, IMAGES, shown.labels, 0.02, Chance(0, shown.ids))
        standing[name] = ~wrong(target.net(moved), shown.labels)
    assert torch.equal(found.through["own"], standing["own"])
    assert torch.equal(found.through["soft_gate"], standing["soft_gate"])
    assert torch.equal(found.through["decisions"], standing["decision_augmix"] & standing["decision_gaussian"])
    assert torch.equal(found.robust, torch.stack(list(found.through.values())).all(0))
    assert 0 < found.robust.sum() < 20 and not (found.beside["decisions"] & ~found.robust).any()


def test_beside_a_route_its_networks_must_not_err_either(tmp_path):
    images = torch.full((4, 1, 16, 16), 0.4)
    images[:, :, :8] += torch.tensor([0.001, 0.5, 0.001, 0.5])[:, None, None, None]
    table = Table({"a": Bright(30.0), "b": Bright(-30.0)}, [], {"switch": Switch()}, {"switch": {}})
    target = deck_target(table, Dealt("d", [0, 1], ("x", "y"), ["switch"]), "switch")
    shown = Shown(images.clamp(0, 1), torch.ones(4, dtype=torch.long), torch.arange(4))
    clean, attack = correct(target.net, shown, 4), PGD(eps=[0.002], steps=5, routes="all")
    found = attacked(attack, 0.002, target, shown, clean, 0, 4, Checkpoints("b", tmp_path, 1e9), "t")
    # bright images go to the second card, which calls them 0; the gate never asks it about those of the first
    assert clean.tolist() == [True, False, True, False]
    assert not found.beside["decisions"].any(), "the second card alone errs on all"


def test_a_card_by_itself_and_a_deck_behind_its_gate_are_called_by_name(table):
    key = next(iter(table.nets))
    assert target_of(table, key).net is table.nets[key] and target_of(table, key).routes == {}
    target = target_of(table, "pair/learned")
    assert isinstance(target.net, GatedDeck) and list(target.routes) == ["own", "soft_gate", "decisions"]
    assert target_of(table, "pair/uniform").routes == {}


class Bright(nn.Module):
    """Class 1 for bright upper halves, or, turned, for bright lower ones."""

    def __init__(self, sign: float):
        super().__init__()
        self.sign = sign
        self.eval()

    def forward(self, images):
        high = self.sign * (images[:, 0, :8].mean((1, 2)) - images[:, 0, 8:].mean((1, 2)))
        return torch.stack([-10 * high, 10 * high], 1)


class Switch(Spectral):
    """Asks the second group about images brighter than a half: the attacker's way in is the gate."""

    def look(self, images):
        return images.mean((1, 2, 3))[:, None]

    def learn(self, bank):
        return {}

    def weights(self, seen, kept):
        second = (seen.features[:, 0] > 0.5).float()
        return seen.over_members(torch.stack([1 - second, second], 1))

    def softly(self, seen, kept):
        second = ((seen.features[:, 0] - 0.5) * 200).sigmoid()
        return seen.over_members(torch.stack([1 - second, second], 1))


def test_an_attack_through_the_gate_finds_what_the_cards_gradients_hide(tmp_path):
    images = torch.full((6, 1, 16, 16), 0.49)
    images[:, :, :8] += 0.004  # class 1 for the first card, class 0 for the second
    table = Table({"a": Bright(30.0), "b": Bright(-30.0)}, [], {"switch": Switch()}, {"switch": {}})
    target = deck_target(table, Dealt("d", [0, 1], ("x", "y"), ["switch"]), "switch")
    shown = Shown(images, torch.ones(6, dtype=torch.long), torch.arange(6))
    clean = correct(target.net, shown, 6)
    assert clean.all()
    eps = 0.0125
    through = attacked(
        PGD(eps=[eps], steps=20, routes="all"), eps, target, shown, clean, 0, 6, Checkpoints("b", tmp_path, 1e9), "t"
    )
    assert not through.robust.any()
    soft = target.standins["soft_gate"]
    moved = PGD(eps=[eps], steps=20).perturb(soft, images, shown.labels, eps, Chance(0, shown.ids))
    assert wrong(target.net(moved), shown.labels).all() and moved.mean() > images.mean()
