"""Networks for the edge: pruned ones are tuned, students are as large and learn as long, and teachers say it once."""

import pytest
import torch
from torch.nn import functional as F
from toy_edge import PRUNERS, plan, taught, workshop

from shiftpress.core.edge import Method
from shiftpress.core.entropy import mask_bits
from shiftpress.core.problems import InputError
from shiftpress.core.progress import Progress
from shiftpress.evaluation.edge import Network
from shiftpress.filters.l1 import L1
from shiftpress.packing.card import pack
from shiftpress.pruners.base import prunable
from shiftpress.training.edge import Workshop, epochs_of_plan
from shiftpress.training.narrowing import parameters
from shiftpress.training.rounds import Round
from shiftpress.training.thinning import thinned

NAMES = ("dense", "tuned", "prune", "prune+kd", "slowly", "kd", "no_kd")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    found = list(workshop(tmp_path_factory.mktemp("edge")).networks(plan(*NAMES)))
    return {one.name: one for one in found}


def size(one):
    return parameters(one.classifier, (1, 32, 32), 2)


def test_every_network_of_the_plan_is_made_and_has_its_size(made):
    ratios = {"dense/100": 1, "tuned/100": 1, "slowly/25": 0.25}
    ratios |= {f"{name}/{r}": r / 100 for name in ("prune", "prune+kd", "kd", "no_kd") for r in (50, 25)}
    assert made.keys() == ratios.keys()
    for name, ratio in ratios.items():
        assert size(made[name]) == pytest.approx(ratio * size(made["dense/100"]), rel=0.05)
        net = made[name].classifier.build((1, 32, 32), 2)
        net.load_state_dict(made[name].state)


def test_students_and_pruned_networks_of_a_ratio_are_of_one_size(made):
    for ratio in (50, 25):
        assert size(made[f"kd/{ratio}"]) == size(made[f"no_kd/{ratio}"])
        assert size(made[f"kd/{ratio}"]) == pytest.approx(size(made[f"prune/{ratio}"]), rel=0.05)
        assert made[f"kd/{ratio}"].classifier.widths is None and made[f"prune/{ratio}"].classifier.widths


def test_all_learn_the_toy_task(made):
    lesson = taught()
    for name, one in made.items():
        net = one.classifier.build((1, 32, 32), 2)
        net.load_state_dict(one.state)
        assert lesson.validation_accuracy(net) > 0.9, name


def test_filters_that_stay_are_the_largest_of_the_dense_network(made):
    """Tuned with a small step size, each is still nearest to the one it was."""
    dense, pruned = (made[name].state["conv0.weight"].flatten(1) for name in ("dense/100", "prune/50"))
    largest = dense.abs().sum(1).argsort(descending=True)[: len(pruned)].sort().values
    assert len(pruned) < len(dense)
    assert torch.cdist(pruned, dense).argmin(1).tolist() == largest.tolist()


def test_a_sparse_network_is_as_large_in_bits_and_tuned_behind_its_masks(tmp_path):
    made = {one.name: one for one in workshop(tmp_path).networks(plan("dense", "sparse"))}
    dense = taught().restored(made["dense/100"].state)
    for percent in (50, 25):
        net = taught().restored(made[f"sparse/{percent}"].state)
        layers = [(weight.numel(), int(weight.count_nonzero())) for weight in prunable(net).values()]
        rest = sum(parameter.numel() for parameter in net.parameters()) - sum(count for count, _ in layers)
        bits = 32 * (rest + sum(kept for _, kept in layers)) + mask_bits(layers)
        whole = 32 * sum(parameter.numel() for parameter in dense.parameters())
        assert bits <= percent / 100 * whole < bits + 64, "one weight more would be too much"
        kept = torch.cat([weight.flatten() for weight in prunable(net).values()]) != 0
        magnitudes = torch.cat([weight.abs().flatten() for weight in prunable(dense).values()])
        assert magnitudes[kept].min() >= magnitudes[~kept].max(), "the largest of all layers stay"
        assert not torch.equal(net.conv0.weight, dense.conv0.weight * (net.conv0.weight != 0)), "and are tuned"
        files = [
            Network(
                name, pack(made[name].state, "convs", made[name].classifier.model_dump(mode="json"), (1, 32, 32), 2)
            )
            for name in ("dense/100", f"sparse/{percent}")
        ]
        for size in ("bits", "disk_bytes"):
            share = files[1].sizes[size] / files[0].sizes[size]
            assert share == pytest.approx(percent / 100, abs=0.02), "what is recorded, and what is stored"


def test_fewer_bits_than_biases_and_normalisation_have_are_refused():
    with pytest.raises(InputError, match="weights cannot be removed down to 0.01 % of the bits"):
        thinned(taught().untrained(), 1e-4)


def epochs_spent(monkeypatch, tmp_path, *names, **recipe):
    """Steps by name of the network."""
    steps, step = {}, Round.step

    def counted(work):
        steps[work.key] = steps.get(work.key, 0) + 1
        step(work)

    monkeypatch.setattr(Round, "step", counted)
    list(workshop(tmp_path, taught(**recipe)).networks(plan(*names)))
    return {key: count // 4 for key, count in steps.items()}


def test_students_learn_as_long_as_training_and_tuning_together(monkeypatch, tmp_path):
    spent = epochs_spent(monkeypatch, tmp_path, *NAMES)
    assert spent["dense-100"] == 4 and spent["tuned-100"] == 2 and spent["kd-25"] == spent["no_kd-25"] == 6
    assert spent["prune-25-1"] == 2 and spent["slowly-25-1"] == spent["slowly-25-2"] == 1
    assert sum(spent.values()) == epochs_of_plan(plan(*NAMES), taught().recipe)


def test_more_rounds_than_epochs_are_refused(tmp_path):
    shop = Workshop(
        taught(tuning=0.25), {"prune": L1(rounds=2, ratios=[0.5])}, workshop(tmp_path).store, Progress("", 9)
    )
    with pytest.raises(InputError, match="2 rounds need as many epochs of tuning, not 1"):
        list(shop.networks([(Method("prune", "prune"), [0.5])]))


def test_sizes_that_are_to_be_equal_and_are_not_stop_the_job(monkeypatch, tmp_path):
    monkeypatch.setattr(
        "shiftpress.training.edge.member_of_size", lambda classifier, *_: classifier.narrowed([4, 8, 30])
    )
    shop = workshop(tmp_path)
    with pytest.raises(InputError, match="kd and prune at 50 %: 15768 parameters are not within 5 % of"):
        list(shop.networks(plan("dense", "prune", "kd")))


def test_the_loss_is_that_of_hinton():
    lesson = taught(temperature=3.0, alpha=0.7)
    torch.manual_seed(0)
    state = lesson.untrained().state_dict()
    state["head.weight"] *= 3
    told, student = lesson.by(state), lesson.untrained().eval()
    positions = torch.tensor([3, 8, 5])
    views, labels = told.views(positions, torch.Generator()), told.train.labels[positions]
    with torch.no_grad():
        ours, hot = student(views[0]), (told.teacher(views[0]) / 3).softmax(1)
        right = float(F.cross_entropy(ours, labels))
        unlike = float((hot * (hot.log() - (ours / 3).log_softmax(1))).sum(1).mean())
        assert unlike > 0.01
        assert float(told.loss(student, views, labels, True)) == pytest.approx(0.3 * right + 0.7 * 9 * unlike, rel=1e-5)
        plain = lesson.views(positions, torch.Generator())
        assert len(plain) == 1 and float(lesson.loss(student, plain, labels, True)) == pytest.approx(right)


def test_a_teacher_says_what_it_says_once_if_images_stay():
    lesson = taught()
    state = lesson.untrained().state_dict()
    told = lesson.by(state)
    assert told.said.shape == (60, 2)
    asked = taught(noisy=True).by(state)
    assert asked.said is None
    positions = torch.tensor([3, 8, 5])
    images, said = asked.views(positions, torch.Generator().manual_seed(0))
    wanted = (asked.teacher(images) / 4).log_softmax(1)
    assert torch.allclose(said, wanted, atol=1e-6) and not said.requires_grad
    assert torch.allclose(
        told.said[positions], (told.teacher(told.views(positions, torch.Generator())[0]) / 4).log_softmax(1), atol=1e-6
    )


def test_without_its_share_the_teacher_changes_nothing(tmp_path):
    nets = [
        list(workshop(tmp_path, taught(alpha=0.0), str(k)).networks(plan("dense", name)))[-1]
        for k, name in enumerate(("kd", "no_kd"))
    ]
    for name, tensor in nets[0].state.items():
        assert torch.allclose(tensor, nets[1].state[name], atol=1e-5), name


def test_what_is_finished_is_not_made_again(monkeypatch, tmp_path):
    first = {one.name: one for one in workshop(tmp_path).networks(plan("dense", "prune", "slowly"))}
    monkeypatch.setattr(Round, "step", lambda work: pytest.fail("trained again"))
    again = {one.name: one for one in workshop(tmp_path).networks(plan("dense", "prune", "slowly"))}
    assert first.keys() == again.keys()
    for name, one in first.items():
        assert one.classifier == again[name].classifier
        assert all(torch.equal(tensor, again[name].state[key]) for key, tensor in one.state.items())


def test_names_of_methods_are_read_and_others_refused():
    parse = lambda name: Method.of(name, PRUNERS, ["ptq8"])  # noqa: E731
    assert parse("prune+kd+ptq8") == Method("prune+kd+ptq8", "prune", True, "ptq8")
    assert parse("ptq8") == Method("ptq8", "dense", False, "ptq8") and parse("ptq8").unrounded.name == "dense"
    assert parse("kd+ptq8").unrounded.name == "kd" and parse("prune+kd+ptq8").unrounded.name == "prune+kd"
    assert parse("kd").taught and not parse("no_kd").taught and parse("tuned").whole
    for wrong in ("prnue", "dense+kd", "kd+kd", "ptq8+kd", "prune+tuned", "", "+", "prune+", "ptq8+ptq8"):
        with pytest.raises(ValueError, match="names no method"):
            parse(wrong)
