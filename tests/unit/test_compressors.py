"""Compressors start from their parent exactly, stay within their budget, and end with as few values as they say."""

import math
import random
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from toy_hardening import COMPRESSORS, NETS, base_network, compressed, hardening

from shiftpress.compressors._factored import Residual
from shiftpress.compressors._selected import Selected
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.factors import composed, product, ranks, residual
from shiftpress.core.problems import InputError
from shiftpress.core.progress import Progress
from shiftpress.core.recipe import AtmcFit
from shiftpress.pruners.base import prunable
from shiftpress.training import rounds
from shiftpress.training.adversarial import HardRound
from shiftpress.training.compressing import compress, train_base
from shiftpress.training.sparse import state_of

SHAPES = [(3, 8), (8, 3), (4, 4), (1, 5), (20, 20)]


@pytest.mark.parametrize("free", [True, False], ids=["free", "counted"])
@pytest.mark.parametrize("shape", SHAPES)
def test_factors_begin_as_their_weights_to_the_last_bit(shape, free):
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    own = residual(weight, free)
    assert torch.equal(own.weight(), weight) and (own.weight() - weight).abs().max() == 0
    r = min(shape)
    assert [tuple(part.shape) for part in own.matrices] == [(shape[0], r), (r, shape[1]), shape]


@pytest.mark.parametrize("free", [True, False], ids=["free", "counted"])
@pytest.mark.parametrize("shape", SHAPES)
def test_slopes_of_factors_are_those_of_the_graph(shape, free):
    rng = torch.Generator().manual_seed(1)
    own = residual(torch.randn(shape, generator=rng, dtype=torch.float64), free)
    for part in own.matrices:
        part.add_(0.3 * torch.randn(part.shape, generator=rng, dtype=torch.float64)).requires_grad_()
    slope = torch.randn(shape, generator=rng, dtype=torch.float64)
    wanted = torch.autograd.grad((own.weight() * slope).sum(), own.matrices)
    with torch.no_grad():
        found = own.slopes(slope)
    assert all(torch.allclose(a, b, atol=1e-12) for a, b in zip(found, wanted, strict=True))
    low = product(torch.randn(shape, generator=rng), 1)
    assert len(low.matrices) == len(low.slopes(slope.float())) == 2


@pytest.mark.parametrize("entries", [0, 1, 2])
@pytest.mark.parametrize("shape", [(8, 30), (30, 8), (9, 9)])
def test_a_square_matrix_that_is_nearly_zero_is_multiplied_as_any_other(shape, entries):
    rng = torch.Generator().manual_seed(2)
    own = residual(torch.randn(shape, generator=rng, dtype=torch.float64), True)
    square = own.left if own.wide else own.right
    square.view(-1)[torch.randperm(square.numel(), generator=rng)[:entries]] = 0.7
    identity = torch.eye(min(shape), dtype=torch.float64)
    whole = [own.left + identity, own.right] if own.wide else [own.left, own.right + identity]
    assert torch.allclose(own.weight(), whole[0] @ whole[1] + own.rest, atol=1e-12)
    slope = torch.randn(shape, generator=rng, dtype=torch.float64)
    wanted = slope @ whole[1].T, whole[0].T @ slope, slope
    assert all(torch.allclose(a, b, atol=1e-12) for a, b in zip(own.slopes(slope), wanted, strict=True))
    kept = own.left.clone(), own.right.clone()
    own.weight().fill_(0)
    assert torch.equal(own.left, kept[0]) and torch.equal(own.right, kept[1]), "results are no views"


def test_a_low_rank_product_is_the_nearest_and_ranks_are_shared_by_all_layers():
    rng = torch.Generator().manual_seed(0)
    weight = torch.randn(6, 9, generator=rng)
    values = torch.linalg.svdvals(weight)
    for rank in (1, 3, 6):
        error = (product(weight, rank).weight() - weight).norm()
        assert float(error) == pytest.approx(float(values[rank:].norm()), abs=1e-5)
    spectra = [torch.tensor([9.0, 8, 1]), torch.tensor([7.0, 2]), torch.tensor([0.1])]
    assert ranks(spectra, 0.5) == [2, 1, 1]
    assert ranks(spectra, 1.0) == [3, 2, 1]
    assert ranks(spectra, 0.01) == [1, 1, 1]


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("name", ["atmc32", "atmc8", "atmc3_counted"])
def test_the_initial_atmc_network_equals_its_parent(name, net):
    task = hardening(net=net)
    parent, child = task.untrained(), task.untrained()
    form = COMPRESSORS[name].begin(prunable(child), 0.05)
    made = composed({**state_of(child), **form.tensors()}, COMPRESSORS[name].free)
    for key, weight in prunable(parent).items():
        assert (made[key].view(weight.shape) - weight).abs().max() == 0
    images = task.train.images.float() / 255
    with torch.no_grad():
        assert (parent.eval()(images) - child.eval()(images)).abs().max() == 0


def budget_of(net, ratio):
    return math.floor(ratio * sum(w.numel() for w in prunable(net).values()))


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("name", ["nap", "ap", "al0", "atmc32", "atmc8", "atmc2", "atmc3_counted"])
def test_after_every_step_no_more_weights_are_left_than_allowed(name, net, tmp_path, monkeypatch):
    counts, step = [], HardRound.step

    def watched(work):
        step(work)
        form = work.sparse.form
        if isinstance(form, (Selected, Residual)):
            left = sum(int(part.count_nonzero()) for part in form.tensors().values())
            counts.append((left, budget_of(work.net, float(work.key) / 100)))

    monkeypatch.setattr(HardRound, "step", watched)
    task = hardening(net=net)
    base = base_network(COMPRESSORS[name].objective_of(task.recipe), net=net, epochs=2)
    _, found = compressed(name, tmp_path, task, base=base)
    assert len(counts) == 2 * 2 * 4
    assert all(left <= most for left, most in counts) and any(left == most for left, most in counts)
    net = hardening(net=net).untrained()
    for ratio, state in found.items():
        left = sum(int(t.count_nonzero()) for n, t in state.items() if "/" in n or n in prunable(net))
        assert 0 < left <= budget_of(net, ratio)


@pytest.mark.parametrize(("name", "bits"), [("atmc8", 8), ("atmc2", 2), ("atmc3_counted", 3)])
def test_after_training_every_matrix_has_few_values_on_the_support_of_what_was_trained(
    name, bits, tmp_path, monkeypatch
):
    supports, finish = [], Residual.finish

    def watched(form):
        supports.append([part.detach() != 0 for part in form.trained])
        moved = finish(form)
        for part, support in zip(form.trained, supports[-1], strict=True):
            assert not (part.detach() != 0)[~support].any()
        return moved

    monkeypatch.setattr(Residual, "finish", watched)
    _, found = compressed(name, tmp_path)
    assert len(supports) == 2
    for state in found.values():
        matrices = [tensor for key, tensor in state.items() if "/" in key]
        assert len(matrices) == 12
        assert max(len(m[m != 0].unique()) for m in matrices) <= 2**bits
    if bits == 2:
        assert any(len(m[m != 0].unique()) == 4 for m in found[0.2].values())


def test_no_layer_collapses_however_few_weights_there_are(tmp_path):
    task = hardening(net="lenet")
    net = task.untrained()
    with torch.no_grad():
        net.conv0.weight.mul_(1e-4)  # the first layer would lose everything
    for name in ("al0", "ap", "atmc32", "atmc2"):
        form = COMPRESSORS[name].begin(prunable(net), 0.01)
        form.after()
        assert all(bool((weight != 0).any()) for weight in form.weights.values()), name
        net.load_state_dict(task.untrained().state_dict())
    with pytest.raises(InputError, match="raise the ratio"):
        COMPRESSORS["ap"].begin(prunable(net), 1e-4)


def test_all_methods_train_for_as_many_steps_in_all(tmp_path, monkeypatch):
    taken, step = [], HardRound.step
    monkeypatch.setattr(HardRound, "step", lambda work: (step(work), taken.append(work.key)))
    for name in COMPRESSORS:
        taken.clear()
        compressed(name, tmp_path / name, hardening(tuning=1.5, attack_steps=1))
        keys = [key for key in dict.fromkeys(taken) if key != "base"]
        for key in keys:
            steps = taken.count(key) + taken.count("base")
            assert steps == 4 * (2 + 3), (name, key)


@cache
def learned(name):
    """A small task, and networks that were compressed until they had learned it, by ratio."""
    task, compressor = hardening(net="convs", epochs=4), COMPRESSORS[name]
    scratch = compressor.from_scratch
    base = None if scratch else base_network(compressor.objective_of(task.recipe), net="convs", epochs=4)
    with TemporaryDirectory() as folder:
        return task, compressed(name, Path(folder), task, base=base)[1]


@pytest.mark.parametrize("name", COMPRESSORS)
def test_compressed_networks_still_tell_the_classes(name):
    task, found = learned(name)
    ratio, state = next(iter(found.items()))
    net = task.untrained()
    own = composed(state, COMPRESSORS[name].free)
    net.load_state_dict({key: tensor.view(net.state_dict()[key].shape) for key, tensor in own.items()})
    assert task.validation_accuracy(net) > 0.9, ratio


@pytest.mark.parametrize("name", ["al0", "alr", "atmc2", "trades"])
def test_a_training_stopped_after_any_step_goes_on_there(name, tmp_path, monkeypatch):
    net = "convs" if name == "atmc2" else "lenet"
    whole = compressed(name, tmp_path / "whole", hardening(net=net, ramp=0.5))[1]
    step, made = HardRound.step, []

    def fragile(work):
        step(work)
        made.append((work.key, work.taken))
        if random.Random(len(made)).random() < 0.2:
            raise KeyboardInterrupt

    monkeypatch.setattr(HardRound, "step", fragile)
    found, stops = None, 0
    while found is None:
        try:
            found = compressed(name, tmp_path / "cut", hardening(net=net, ramp=0.5), interval_s=0.0)[1]
        except KeyboardInterrupt:
            stops += 1
    assert stops >= 2
    for ratio, state in whole.items():
        assert state.keys() == found[ratio].keys()
        assert all(state[key].numpy().tobytes() == found[ratio][key].numpy().tobytes() for key in state)
    assert rounds.RUNNING not in {path.name.split(".")[0] for path in (tmp_path / "cut/a").glob("*")}


def test_the_pull_to_the_duplicate_is_the_slope_of_its_penalty_and_rho_follows_the_residuals():
    from shiftpress.compressors._duplicate import Duplicate

    rng = torch.Generator().manual_seed(0)
    own = torch.randn(6, 7, generator=rng).requires_grad_()
    pair = Duplicate(2, 1, 0.5)
    own.grad = torch.zeros(6, 7)
    pair.pull([own])
    assert not own.grad.any(), "there is no duplicate yet"
    pair.follow([own])
    (copy,), (dual,) = pair.state()["copies"], pair.state()["duals"]
    penalty = 0.25 * (own - copy + dual).square().sum()
    (slope,) = torch.autograd.grad(penalty, own)
    pair.pull([own])
    assert torch.allclose(own.grad, slope, atol=1e-6)
    scaled = pair.rho * dual
    pair.follow([own])  # nothing moved: the duplicate nearly stands still, so the primal residual is far larger
    assert pair.rho in (0.5, 1.0) and len(pair.state()["copies"][0].unique()) <= 4
    if pair.rho == 1.0:
        assert torch.allclose(pair.rho * pair.state()["duals"][0], scaled + 0.5 * (own - copy).detach(), atol=1e-1)


def test_a_duplicate_forgets_what_has_left_the_support():
    from shiftpress.compressors._duplicate import Duplicate

    rng = torch.Generator().manual_seed(0)
    own = torch.randn(30, generator=rng)
    pair = Duplicate(1, 1, 0.1)
    pair.follow([own])
    gone = own.clone()
    gone[:10] = 0
    pair.follow([gone])
    assert not pair.state()["copies"][0][:10].any() and not pair.state()["duals"][0][:10].any()
    assert not pair.final([gone])[0][:10].any() and len(pair.final([gone])[0][10:].unique()) == 2


def test_a_training_that_diverges_says_so(tmp_path):
    with pytest.raises(InputError, match="DIVERGED.* at step .*lower its lr"):
        compressed("da", tmp_path, hardening(lr=10.0, net="lenet", epochs=50))


def test_batch_statistics_belong_to_the_network_that_is_kept():
    task, found = learned("atmc2")
    net = task.untrained()
    made = composed(found[0.2], True)
    net.load_state_dict({key: tensor.view(net.state_dict()[key].shape) for key, tensor in made.items()})
    kept = state_of(net)
    views = torch.Generator().manual_seed(0)
    net.train()
    for number in range(60):  # what its own images say of it, from any other start
        positions = torch.randperm(50, generator=torch.Generator().manual_seed(number))[:16]
        task.loss(net, task.views(positions, views), task.train.labels[positions], False)
    for layer in ("norm0", "norm1"):
        moved = (net.state_dict()[f"{layer}.running_mean"] - kept[f"{layer}.running_mean"]).abs()
        # batches of 16 images, of which the last ten count
        assert (moved < 0.3 * kept[f"{layer}.running_var"].sqrt()).all(), layer


def test_ratios_fall_and_a_budget_is_not_lost_to_rounding():
    with pytest.raises(ValueError, match="ratios must fall"):
        COMPRESSORS["ap"].__class__(ratios=[0.1, 0.2])
    from shiftpress.compressors.base import budget

    weights = {"w": torch.nn.Parameter(torch.zeros(100))}
    assert [budget(weights, ratio) for ratio in (0.07, 0.29, 0.57, 0.011)] == [7, 29, 57, 1]


def test_methods_of_one_objective_share_their_base_and_their_noise(tmp_path):
    first = compressed("ap", tmp_path / "a")[0]
    second = compressed("atmc32", tmp_path / "b")[0]
    assert all(torch.equal(first[key], second[key]) for key in first)
    natural = compressed("nap", tmp_path / "c")[0]
    assert not torch.equal(first["head.weight"], natural["head.weight"])


def test_a_base_network_of_another_store_is_the_same(tmp_path):
    task = hardening()
    one = train_base(task, Checkpoints("x", tmp_path), Progress("t", 9))
    two = train_base(task, Checkpoints("y", tmp_path), Progress("t", 9))
    assert all(torch.equal(one[key], two[key]) for key in one)
    found = dict(compress(COMPRESSORS["da"], task, one, Checkpoints("z", tmp_path), Progress("t", 9)))
    assert list(found) == [1.0] and AtmcFit(radii={"fashion": 0.1}).radius_on("mnist") == 0.01569
