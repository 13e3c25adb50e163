"""Attacks on many images: their order, the gates they have to pass, stand-ins, and what is left after a kill."""

import os
import random

import pytest
import torch
from killing import checkpoints_of, killed
from torch import nn
from toy_attacks import CLASSES, RADII, Linear, Normed, every_attack, images_of, shown_to

from shiftpress.attacks.autoattack import AutoAttack
from shiftpress.attacks.base import Chance, wrong
from shiftpress.attacks.fgsm import FGSM
from shiftpress.attacks.pgd import PGD
from shiftpress.attacks.square import Square
from shiftpress.attacks.wrm import WRM
from shiftpress.classifiers.convs import ConvS
from shiftpress.core.adversarial import Robustness
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.storage import canonical_json
from shiftpress.core.tensors import read_tensors, write_tensors
from shiftpress.evaluation import adversarial
from shiftpress.evaluation.adversarial import Shown, Target, attacked, correct
from shiftpress.evaluation.robustness import Siege
from shiftpress.evaluation.sanity import room
from shiftpress.evaluation.standins import StraightThrough, standins
from shiftpress.packing.card import pack, unpack
from shiftpress.pruners.base import prunable

SHARED = {"phase": "cards", "dataset": "d", "model": "m", "seed": 0, "fingerprint": "f"}
SETTINGS = Robustness(images=40, batch=11, gate_images=16, probe_queries=50)
PROBES = {"linf": Square(eps=[0.5], queries=50), "l2": Square(norm="l2", eps=[1.0], queries=50)}
NET = Normed()
SHOWN = shown_to(NET, 40)
PLAN = {"quick": PGD(eps=[0.01, 0.05], steps=8), "auto": AutoAttack(eps=[0.01], steps=8, queries=20)}


def siege(tmp_path, attacks=PLAN, net=NET, shown=SHOWN, interval_s=1e9, others=None, settings=SETTINGS) -> Siege:
    store = Checkpoints("c", tmp_path, interval_s)
    found = Siege(attacks, PROBES, Target(net, others or {}), shown, settings, 0, store)
    found.run()
    return found


def values(records, metric) -> dict:
    return {(r.shift, r.severity): r.value for r in records if r.metric == metric}


def gates(records, name) -> set[str]:
    return {r.metric.split("/")[1] for r in records if r.shift == name and r.metric.startswith("unreliable/")}


def test_every_image_is_judged_by_what_the_network_says(tmp_path):
    done = siege(tmp_path)
    for name in PLAN:
        for eps, trial in done.trials[name].items():
            assert not (trial.robust & ~done.clean).any() and trial.robust.shape == (40,)
            assert (trial.moved <= eps * 1.0001 + 1e-6).all() and (trial.moved[~done.clean] == 0).all()
            assert torch.equal(trial.part == -1, trial.robust) and torch.equal(trial.part == 0, ~done.clean)
    records = done.records(**SHARED)
    robust = values(records, "robust_accuracy")
    assert robust["quick", 0.0] == pytest.approx(37 / 40) == robust["auto", 0.0]
    assert robust["quick", 0.05] <= robust["quick", 0.01] <= robust["quick", 0.0]
    assert values(records, "unreliable") == dict.fromkeys(robust, 0.0)


def test_the_worst_of_all_attacks_counts_image_by_image(tmp_path):
    done = siege(tmp_path)
    robust, tensors = values(done.records(**SHARED), "robust_accuracy"), done.tensors()
    both = tensors["quick/0.01"] & tensors["auto/0.01"]
    assert torch.equal(tensors["worst_linf/0.01"], both)
    assert robust["worst_linf", 0.01] == pytest.approx(float(both.double().mean()))
    path = str(tmp_path / "t.safetensors")
    write_tensors(path, tensors, "p")
    kept = read_tensors(path)
    assert kept["clean"].dtype == torch.bool and torch.equal(kept["ids"], SHOWN.ids)
    assert set(kept) == {"clean", "ids", "labels", "quick/0.01", "quick/0.05", "auto/0.01",
                         "worst_linf/0.01", "worst_linf/0.05"}  # fmt: skip


def test_a_screening_leaves_no_more_and_its_finds_are_confirmed_in_full_precision(tmp_path):
    plain, screened = (AutoAttack(eps=[0.012], steps=10, queries=30, screen=n) for n in (0, 10))
    asked, seen = [], NET.body[0].register_forward_hook(lambda module, x, y: asked.append((y.dtype, len(y))))
    one = siege(tmp_path / "a", {"a": plain}).trials["a"][0.012]
    before = len(asked)
    done = siege(tmp_path / "b", {"a": screened})
    seen.remove()
    two = done.trials["a"][0.012]
    in_full = [count for kind, count in asked[before:] if kind == torch.float32]
    assert torch.bfloat16 in {kind for kind, _ in asked[before:]} and sum(in_full) < sum(n for _, n in asked[:before])
    assert not (two.robust & ~one.robust).any() and (two.part == 1).sum() > 5
    parts = {r.metric: r.value for r in done.records(**SHARED) if r.metric.startswith("lost_in/")}
    assert parts["lost_in/screening"] == pytest.approx(float((two.part == 1).double().mean()))
    assert sum(parts.values()) == pytest.approx(float((two.part > 0).double().mean()))


def test_batches_change_nothing_for_our_own_attacks(tmp_path):
    one = siege(tmp_path / "a", {"quick": PLAN["quick"]})
    two = siege(tmp_path / "b", {"quick": PLAN["quick"]}, settings=SETTINGS.model_copy(update={"batch": 40}))
    assert all(torch.equal(one.trials["quick"][eps].robust, two.trials["quick"][eps].robust) for eps in (0.01, 0.05))


def test_an_attack_whose_last_step_counts_sees_wrong_images_too(tmp_path):
    class Turning(nn.Module):
        """Wrong on the images themselves, right wherever they are moved to."""

        def __init__(self):
            super().__init__()
            self.eval()

        def forward(self, images):
            high = (images - 0.5).flatten(1).mean(1)
            return torch.stack([high.abs() - 0.01, torch.zeros_like(high) + high * 1e-3], 1)

    images = torch.full((8, 1, 8, 8), 0.5)
    shown = Shown(images, torch.zeros(8, dtype=torch.long), torch.arange(8))
    net = Turning()
    assert not siege(tmp_path / "a", {"a": PGD(eps=[0.05])}, net, shown).trials["a"][0.05].robust.any()
    assert siege(tmp_path / "b", {"a": FGSM(eps=[0.05])}, net, shown).trials["a"][0.05].robust.all()


def test_an_attack_that_leaves_its_ball_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(PGD, "moved", lambda self, net, images, *rest: images + 0.2)
    with pytest.raises(ArithmeticError, match="left its ball"):
        siege(tmp_path, {"a": PGD(eps=[0.1])})


# --- sanity gates -------------------------------------------------------------------------------------------------


class Noisy(Normed):
    """Another network in every call."""

    def forward(self, images):
        self.calls = getattr(self, "calls", 0) + 1
        random = torch.Generator().manual_seed(self.calls)
        return super().forward(images) + 3 * torch.randn(len(images), CLASSES, generator=random)


class Flat(Normed):
    """Rounds what it sees: as good as the network, and without a gradient."""

    def forward(self, images):
        return super().forward(torch.round(images * 255) / 255)


class Saturated(Linear):
    """So sure that the cross-entropy has no slope in float32."""

    def forward(self, images):
        return 1e6 * super().forward(images)


def test_a_network_that_guesses_fails_at_radius_zero(tmp_path):
    found = siege(tmp_path, {"a": PGD(eps=[0.01], steps=3)}, Noisy()).records(**SHARED)
    assert "clean" in gates(found, "a") and set(values(found, "unreliable").values()) == {1.0}


def test_an_attack_that_finds_nothing_fails_in_the_largest_ball(tmp_path, monkeypatch):
    monkeypatch.setattr(PGD, "moved", lambda self, net, images, *rest: images.clone())
    found = siege(tmp_path, {"a": PGD(eps=[0.01])}).records(**SHARED)
    assert gates(found, "a") == {"large", "masking"}


def test_an_attack_that_does_better_at_a_larger_radius_fails(tmp_path, monkeypatch):
    whole = PGD.moved

    def lazy(self, net, images, labels, eps, chance):
        return images.clone() if eps == 0.05 else whole(self, net, images, labels, eps, chance)

    monkeypatch.setattr(PGD, "moved", lazy)
    found = siege(tmp_path, {"a": PGD(eps=[0.02, 0.05], steps=8)}).records(**SHARED)
    assert "monotone" in gates(found, "a")


def test_masked_gradients_fail_and_are_told_from_the_black_box(tmp_path):
    plan = {"a": PGD(eps=[0.05], steps=5, restarts=1), "black": Square(eps=[0.05], queries=50), "free": WRM()}
    found = siege(tmp_path, plan, Flat(), shown_to(Flat(), 40)).records(**SHARED)
    assert {"masking", "gradients"} <= gates(found, "a") and gates(found, "free") == {"gradients"}
    assert "masking" in gates(found, "black") and "gradients" not in gates(found, "black")
    assert values(found, "zero_gradients")["a", 0.05] == 1.0 and values(found, "zero_gradients")["black", 0.05] == 0.0
    assert values(found, "unreliable")["worst_linf", 0.05] == 1.0
    assert gates(found, "worst_linf") == {"masking"}  # the black box does not mind the rest


def test_masking_is_seen_at_its_radius_and_a_better_attack_there_ends_it(tmp_path, monkeypatch):
    whole = FGSM.moved
    monkeypatch.setattr(
        FGSM, "moved", lambda self, *rest: rest[1].clone() if rest[3] == 0.05 else whole(self, *rest)
    )  # finds nothing at that radius
    weak, strong = {"weak": FGSM(eps=[0.03, 0.05])}, {"strong": PGD(eps=[0.05], steps=10)}
    found = siege(tmp_path / "a", weak).records(**SHARED)
    marked = {r.severity for r in found if r.metric == "unreliable/masking"}
    assert marked == {0.05}
    found = siege(tmp_path / "b", weak | strong).records(**SHARED)
    assert not [r for r in found if r.metric == "unreliable/masking"]
    flags = values(found, "unreliable")
    assert flags["weak", 0.05] == 1.0 and flags["strong", 0.05] == flags["worst_linf", 0.05] == 0.0


class Misleading(Linear):
    """Gradients say nothing of the image or the class: random search alone gets anywhere."""

    def forward(self, images):
        return super().forward(Turned.apply(images))


class Turned(torch.autograd.Function):
    @staticmethod
    def forward(context, images):
        return images.clone()

    @staticmethod
    def backward(context, slope):
        return torch.arange(slope[0].numel()).sin().view(slope.shape[1:]).expand_as(slope)


def test_a_search_within_autoattack_does_not_excuse_gradients_that_it_does_not_follow(tmp_path):
    net = Misleading()
    whole, settings = AutoAttack(eps=[0.05], steps=5, queries=400), SETTINGS.model_copy(update={"probe_queries": 400})
    found = siege(tmp_path, {"auto": whole}, net, shown_to(net, 40), settings=settings).records(**SHARED)
    lost = values(found, f"lost_in/{whole.parts[-1].title}")["auto", 0.05]
    assert lost > 0.1, "Square found what the others did not"
    assert "masking" in gates(found, "auto")
    sound = siege(tmp_path / "sound", {"auto": whole}, settings=settings).records(**SHARED)
    assert not gates(sound, "auto")


def test_a_saturated_loss_is_seen_and_an_attack_on_the_margin_does_not_mind(tmp_path):
    net = Saturated()
    plan = {"ce": PGD(eps=[0.05], steps=5), "aimed": every_attack()["apgd_t"]}
    found = siege(tmp_path, plan, net, shown_to(net, 40)).records(**SHARED)
    assert "gradients" in gates(found, "ce") and "gradients" not in gates(found, "aimed")


@pytest.mark.parametrize("norm", list(RADII))
def test_the_largest_balls_all_hold_the_grey_image(norm):
    images = images_of(30).round()
    grey = torch.full_like(images, 0.5)
    apart = (images - grey).flatten(1)
    far = apart.abs().amax(1) if norm == "linf" else apart.norm(dim=1)
    assert room(images, norm) == pytest.approx(float(far.max()))


# --- stand-ins ----------------------------------------------------------------------------------------------------


def test_straight_through_says_what_the_network_says_with_the_gradients_of_its_twin():
    net, twin = Flat(), Normed()
    images = images_of(6).requires_grad_()
    both = StraightThrough(net, twin)
    assert torch.equal(both(images), net(images)) and not both.training
    (one,) = torch.autograd.grad(both(images)[:, 2].sum(), images)
    (other,) = torch.autograd.grad(twin(images)[:, 2].sum(), images)
    assert torch.equal(one, other) and one.abs().sum() > 0


def test_networks_without_gradients_fall_to_their_stand_ins(tmp_path):
    net, shown = Flat(), shown_to(Flat(), 40)
    lent = standins(net, parent=Normed(), twin=Normed())
    assert set(lent) == {"through_twin", "twin", "through_parent", "parent"}
    alone = siege(tmp_path / "a", {"a": PGD(eps=[0.03], steps=8)}, net, shown, others=lent)
    helped = siege(tmp_path / "b", {"a": PGD(eps=[0.03], steps=8, routes="all")}, net, shown, others=lent)
    one, all_ = alone.trials["a"][0.03], helped.trials["a"][0.03]
    assert all_.accuracy < one.accuracy - 0.1 and not (all_.robust & ~one.robust).any()
    records = helped.records(**SHARED)
    assert not gates(records, "a") and values(records, "zero_gradients")["a", 0.03] == 0.0
    assert "masking" in gates(alone.records(**SHARED), "a")


def test_what_a_stand_in_errs_on_is_asked_of_the_network_itself(tmp_path):
    other = Linear(seed=9)  # no relation: hardly anything carries over
    store = Checkpoints("c", tmp_path, 1e9)
    clean = correct(NET, SHOWN, 40)
    attack = PGD(eps=[0.002], steps=5, routes="all")
    found = attacked(attack, 0.002, Target(NET, {"other": other}), SHOWN, clean, 0, 40, store, "t")
    moved = attack.perturb(other, SHOWN.images, SHOWN.labels, 0.002, Chance(0, SHOWN.ids))
    assert wrong(other(moved), SHOWN.labels).sum() > 20 and found.robust.sum() >= clean.sum() - 5


class Centred(nn.Module):
    """Logits less their means: an untrained network puts all noise into one class."""

    def __init__(self, net: nn.Module, images: torch.Tensor):
        super().__init__()
        self.net = net
        with torch.no_grad():
            self.register_buffer("offset", net(images).mean(0))
        self.eval()

    def forward(self, images):
        return self.net(images) - self.offset


def compressed(bits: int) -> tuple[nn.Module, nn.Module]:
    """A classifier out of its card file, in 1 or 16 bits a weight, and the one in full precision that it was."""
    parent = ConvS(width=0.25).build((1, 16, 16), 4).eval()
    state = {name: value.clone() for name, value in parent.state_dict().items()}
    if bits == 1:
        for name in prunable(parent):
            state[name] = state[name].sign() * state[name].abs().mean()
    return unpack(pack(state, "convs", {"width": 0.25}, (1, 16, 16), 4, bits=bits)).net(), parent


@pytest.mark.parametrize("bits", [1, 16])
def test_of_compressed_networks_the_worst_of_own_parent_and_black_box_counts(bits, tmp_path):
    torch.manual_seed(2)
    images = torch.rand(40, 1, 16, 16)
    net, parent = (Centred(one, images) for one in compressed(bits))
    shown = Shown(images, net(images).argmax(1), torch.arange(40))
    own, black = PGD(eps=[0.004], steps=5), Square(eps=[0.004], queries=50)
    alone = siege(tmp_path / "a", {"own": own}, net, shown).trials["own"][0.004].robust
    plan = {"routes": own.model_copy(update={"routes": "all"}), "black": black}
    done = siege(tmp_path / "b", plan, net, shown, others=standins(net, parent))
    every, blind = (done.trials[name][0.004].robust for name in plan)
    assert not (every & ~alone).any() and 0 < every.sum() < 40
    assert torch.equal(done.tensors()["worst_linf/0.004"], every & blind)


# --- kills --------------------------------------------------------------------------------------------------------

KILLS = int(os.environ.get("SHIFTPRESS_KILLS", "10"))


def result(folder, interval_s=0.0) -> bytes:
    """What a whole evaluation stores, as bytes: records and the images that withstand."""
    done = siege(folder, interval_s=interval_s)
    records = [r.model_dump() for r in done.records(**SHARED)]
    tensors = {name: tensor.tolist() for name, tensor in done.tensors().items()}
    moved = [t.moved.tolist() for trials in done.trials.values() for t in trials.values()]
    return canonical_json([records, tensors, moved])


def test_killed_ten_times_the_result_is_the_same_to_the_byte(tmp_path):
    whole = []
    written = checkpoints_of(lambda: whole.append(result(tmp_path / "whole")))
    assert written > 20
    most, moments, kills, reached = max(1, 2 * written // KILLS), random.Random(0), 0, set()
    cut = Checkpoints("c", tmp_path / "cut")
    while kills < KILLS:
        kills += killed(lambda: result(tmp_path / "cut"), most, moments)
        reached.add(len(list(cut.folder.glob("*.safetensors"))))
        if kills < KILLS and len(list(cut.folder.glob("*gate*"))) > 8:
            cut.discard()  # it got to the end: start over, to be killed again
    assert len(reached) > KILLS / 4, "kills found it in the same places"
    assert result(tmp_path / "cut") == whole[0]


def test_finished_images_are_not_attacked_again(tmp_path, monkeypatch):
    made, whole = [], adversarial._attack_rows

    def counted(part, strength, target, shown, rows, seed, state):
        if len(made) in (3, 8, 9):
            made.append(None)
            raise KeyboardInterrupt
        whole(part, strength, target, shown, rows, seed, state)
        made.append((type(part).__name__, strength, len(shown), tuple(rows.tolist())))

    monkeypatch.setattr(adversarial, "_attack_rows", counted)
    found, stops = None, 0
    while found is None:
        try:
            found = siege(tmp_path, interval_s=0.0)
        except KeyboardInterrupt:
            stops += 1
    made = [row for row in made if row]
    assert stops == 3 and len(made) == len(set(made))
    assert found.tensors().keys() == siege(tmp_path / "again").tensors().keys()
