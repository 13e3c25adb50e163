"""Every way to score, once on the CPU and once on the pretended device: the same records, to the last bit."""

import copy
from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch
from pretended_device import NAME, Mixed
from pretended_training import KINDS, PARAMS, narrow, one_way, same  # noqa: F401
from test_decks import AUGMENTATIONS, CELLS, DECK, FILES, SETTINGS, SHARED, TRAIN
from toy_attacks import Normed, every_attack, shown_to
from toy_quantised import NETS, images_of, toy

from shiftpress.assembly import build
from shiftpress.attacks.square import Square
from shiftpress.core.adversarial import Robustness
from shiftpress.core.affine import rotation, warp
from shiftpress.core.catalog import component
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.decks import Budgets
from shiftpress.core.device import Work, working_on
from shiftpress.core.params import Analysis
from shiftpress.core.splits import Split, unit
from shiftpress.evaluation.adversarial import Shown, Target
from shiftpress.evaluation.analysis import of_frequencies, of_layers, of_margins, of_slopes
from shiftpress.evaluation.budgets import found_within
from shiftpress.evaluation.cards import loss_of, measure, of_storage
from shiftpress.evaluation.cells import Cell, cells, score
from shiftpress.evaluation.codecs import examples, on_disk
from shiftpress.evaluation.codecs import loss_of as codec_loss_of
from shiftpress.evaluation.codecs import measure as codec_measure
from shiftpress.evaluation.decks import score_decks
from shiftpress.evaluation.deployed import classify
from shiftpress.evaluation.frontier import score_frontiers
from shiftpress.evaluation.gated import target_of
from shiftpress.evaluation.hands import bank_of, laid_out, varied
from shiftpress.evaluation.robustness import Siege
from shiftpress.evaluation.standins import standins
from shiftpress.shifts.base import Shifted
from shiftpress.shifts.wasserstein_ball import WassersteinBall

ROWS = torch.arange(20)
TEST = Split(
    torch.randint(0, 256, (20, 1, 32, 32), generator=torch.Generator().manual_seed(0), dtype=torch.uint8),
    ROWS % 4,
    ROWS,
    ROWS,
)
PLACE = {"dataset": "d", "model": "m", "seed": 0, "fingerprint": "f"}
LOOKED = Analysis(frequency_images=8, frequency_step=15, slope_images=8, margin_images=8)
BALL = {"ball": WassersteinBall(severities=[1, 3], steps=2, images=6, restarts=2, ratio=4.0)}


def on(place):
    return working_on(Work(NAME, NAME)) if place == NAME else nullcontext()


def both(found):
    """What a function of the place finds, on each."""
    results = []
    for place in ("cpu", NAME):
        torch.manual_seed(0)
        with on(place):
            results.append(found(place))
    same(results[1], results[0])


def shifted() -> list[Cell]:
    rows = Shifted([0.0, 1.0], [TEST, replace(TEST, images=TEST.images // 2)])
    return list(cells({"dark": rows}, {"dark": "regenerated"}))


def rows_of(records) -> list[dict]:
    return [record.model_dump() for record in records]


def test_what_a_gpu_would_refuse_is_refused():
    ours, plain = torch.ones(3, device=NAME), torch.ones(3)
    for wrong in (
        lambda: ours + plain,
        lambda: plain.add_(ours),
        lambda: torch.cat([ours, plain]),
        lambda: torch.where(ours > 0, ours, plain),
        lambda: plain[torch.zeros(1, dtype=torch.long, device=NAME)],
        lambda: torch.rand(3, device=NAME, generator=torch.Generator()),
        lambda: torch.nn.Linear(3, 2)(ours),
    ):
        with pytest.raises(Mixed):
            wrong()
    with pytest.raises((TypeError, RuntimeError)):
        ours.numpy()
    assert (ours + torch.tensor(1.0)).cpu().tolist() == [2.0] * 3 and ours[torch.tensor([0])].cpu().tolist() == [1.0]


def test_bytes_become_the_same_numbers_everywhere():
    levels = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(unit(levels), levels.float() / 255)
    same(unit(levels.to(NAME)).cpu(), unit(levels))


def test_looking_up_the_nearest_pixel_has_the_gradient_of_sampling():
    images = torch.rand(5, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    degrees, found = torch.linspace(-170, 170, 5), []
    for place in ("cpu", NAME):
        own = images.clone().to(place).requires_grad_()
        turned = warp(own, rotation(degrees.to(place), like=own), "nearest")
        turned.square().sum().backward()
        found.append((turned.detach().cpu(), own.grad.cpu()))
    assert torch.equal(found[0][0], found[1][0]) and torch.allclose(found[0][1], found[1][1], atol=1e-6)


CLASSIFIERS = {
    "convs": {"width": 0.25},
    "resnet": {"depth": 8, "width": 0.1},
    "preact_resnet": {"stages": [2, 4], "dropout": 0.2},
    "caffe_lenet": {"width": 0.1},
}


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_classifiers(kind):
    classifier = component("classifiers", kind)(**CLASSIFIERS[kind])
    nets = [classifier.build((1, 32, 32), 4).eval() for _ in range(2)]

    def found(place):
        net, dense = (copy.deepcopy(one).to(place) for one in nets)
        test = TEST.to(place)
        facts = kind, classifier.model_dump(mode="json"), (1, 32, 32), 4
        shared = {"phase": "cards", **PLACE}
        records = [
            *score(shifted(), measure(net), **shared),
            *of_storage(net, *facts, **shared),
            *of_layers(net, **shared),
        ]
        records += [*of_slopes(net, test, LOOKED, **shared), *of_frequencies(net, test, LOOKED, 3, **shared)]
        records += of_margins(dense, net, shifted(), LOOKED, **shared)
        return rows_of([*records, *score_frontiers(BALL, test, loss_of(net), measure(net), 5, **shared)])

    both(found)


@pytest.mark.parametrize("codec", KINDS.values())
def test_codecs(codec):
    net = narrow("codecs", PARAMS.codecs[codec]).build((1, 32, 32)).eval()
    net.freeze()

    def found(place):
        own, test, records = copy.deepcopy(net).to(place), TEST.to(place), []
        for stage in own.stages:
            shared = {"phase": "codecs", **PLACE}
            records += score(shifted(), codec_measure(own, stage), **shared)
            records += on_disk(own, "unnamed", shifted(), stage, **shared)
            loss, measured = codec_loss_of(own, stage), codec_measure(own, stage)
            records += score_frontiers(BALL, test, loss, measured, 5, **shared)
        return rows_of(records), {name: t.cpu() for name, t in examples(own, shifted(), 3).items()}

    both(found)


ATTACKS = {f"{name}/{norm}": attack for norm in ("linf", "l2") for name, attack in every_attack(norm).items()}


FEW = {"steps": 3, "queries": 10, "targets": 2}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks(name, tmp_path):
    settings = Robustness(images=8, batch=5, gate_images=8, probe_queries=5)
    probes = {n: Square(eps=[0.5], queries=5, norm=n) for n in ("linf", "l2")}
    attack = ATTACKS[name].model_copy(
        update={"routes": "all"} | {k: v for k, v in FEW.items() if hasattr(ATTACKS[name], k)}
    )

    def found(place):
        net, parent = Normed(), Normed(3)
        shown = shown_to(net, 8, wrong=1)
        target = Target(net.to(place), standins(net.to(place), parent.to(place)))
        shown = Shown(*(tensor.to(place) for tensor in (shown.images, shown.labels, shown.ids)))
        siege = Siege({name: attack}, probes, target, shown, settings, 0, Checkpoints("c", tmp_path / place, 0.0))
        siege.run()
        return rows_of(siege.records(phase="cards", **PLACE)), {n: t.cpu() for n, t in siege.tensors().items()}

    both(found)


def table(place, gates):
    bank = bank_of(TRAIN.to(place), "d", AUGMENTATIONS, 20, 0)
    return laid_out(FILES, {"pair": DECK}, gates, bank)


@pytest.mark.parametrize("name", PARAMS.gates)
def test_gates(name):
    gate = build("gates", PARAMS.gates[name])
    gate = gate.model_copy(update={"batches": [7]}) if gate.sizes else gate

    def found(place):
        laid = table(place, {name: gate})
        seen = [replace(c, images=c.images.to(place), labels=c.labels.to(place)) for c in CELLS]
        records = rows_of(score_decks(laid, seen, len(seen), SETTINGS, 3, **SHARED))
        if gate.reads == "labels":
            return records
        images, random = seen[0].images, torch.Generator().manual_seed(1)
        chances = [classify(laid, laid.decks[0], name, size, images, random).cpu() for size in (7,)]
        if gate.repeats:
            target = target_of(laid, f"pair/{name}")
            for net in (target.net, *target.standins.values()):
                own = images.clone().requires_grad_()
                net(own)[:, 0].sum().backward()
                chances.append(own.grad.cpu())
        return records, chances

    both(found)


def test_the_search_for_decks_within_budgets():
    def found(place):
        val = TRAIN.to(place)
        budgets = Budgets(bytes=[len(FILES[key]) * 2 for key in list(FILES)[:1]], most=2)
        gate = build("gates", PARAMS.gates["uniform"])
        laid, members = found_within(budgets, FILES, list(FILES), val, varied(val, "d", AUGMENTATIONS, 0), gate)
        return list(laid.nets), {name: [m.key for m in own] for name, own in members.items()}

    both(found)


ROUNDED = [("convs", name) for name in PARAMS.quantizers] + [(net, next(iter(PARAMS.quantizers))) for net in NETS]


@pytest.mark.parametrize(("net", "name"), dict.fromkeys(ROUNDED))
def test_quantizers(net, name):
    whole, images, quantizer = toy(net), images_of(24, 2), build("quantizers", PARAMS.quantizers[name])

    def found(place):
        made = quantizer.quantise(copy.deepcopy(whole).to(place), images.to(place))
        own = images.clone().to(place).requires_grad_()
        logits = made.net().to(place)(own)
        logits.sum().backward()
        return made.tensors, logits.detach().cpu(), own.grad.cpu()

    both(found)
