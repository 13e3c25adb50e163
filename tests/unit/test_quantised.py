"""Quantised classifiers: grids, whole numbers, where is rounded, and where gradients go."""

import pytest
import torch
from toy_quantised import NETS, images_of, toy

from shiftpress.attacks.pgd import PGD
from shiftpress.attacks.square import Square
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.folding import folded
from shiftpress.core.points import Scheme, absorbed
from shiftpress.core.problems import InputError
from shiftpress.core.rounding import Grid, channel_scales, codes, levels, spread
from shiftpress.evaluation.adversarial import Shown, Target, attacked, correct
from shiftpress.evaluation.standins import standins
from shiftpress.quantizers._histograms import Histogram
from shiftpress.quantizers.min_max import MinMax
from shiftpress.quantizers.mse import Mse
from shiftpress.quantizers.percentile import Percentile

IMAGES = images_of(48, seed=2)


def test_zero_is_a_level_of_every_grid_and_nothing_within_it_moves_further_than_half_a_step():
    for low, high, bits in [(0.0, 3.0, 8), (-1.0, 2.0, 4), (0.5, 2.0, 2), (-3.0, -1.0, 3), (0.0, 0.0, 8)]:
        grid = Grid.between(low, high, bits)
        assert levels(torch.zeros(1), grid.scale, grid.zero, bits) == 0
        x = torch.linspace(min(low, 0), max(high, 0), 101)
        found = levels(x, grid.scale, grid.zero, bits)
        assert torch.equal(found, found.round()) and found.unique().numel() <= 2**bits
        # the ends may move by half a step, as zero has to be met
        assert (found * grid.scale - x).abs().max() <= grid.scale * 1.001


def test_gradients_pass_where_nothing_is_clamped():
    grid = Grid.between(0.0, 1.0, 4)
    x = torch.tensor([-1.0, 0.21, 0.8, 3.0], requires_grad=True)
    (levels(x, grid.scale, grid.zero, 4) * grid.scale).sum().backward()
    assert x.grad.tolist() == pytest.approx([0, 1, 1, 0])


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_the_best_scales_are_no_worse_than_the_largest_ones(bits):
    weight = torch.randn(6, 3, 3, 3, generator=torch.Generator().manual_seed(0))
    weight[2] = 0
    errors = []
    for fit in ("max", "mse"):
        scales = channel_scales(weight, bits, fit)
        found = codes(weight, scales, bits)
        assert found.dtype == torch.int8 and found.abs().max() <= 2 ** (bits - 1) - 1 and (scales > 0).all()
        errors.append((found * spread(scales, weight) - weight).square().flatten(1).sum(1))
    assert (errors[1] <= errors[0]).all() and errors[1][2] == 0


def test_calibrations_reach_as_far_as_they_say():
    numbers = torch.cat([torch.linspace(0, 1, 9_990), torch.full((10,), 50.0)])
    seen = Histogram.empty(0.0, 50.0)
    for part in numbers.split(1000):
        seen.add(part)
    assert seen.counts.sum() == 10_000
    assert MinMax().limits(seen, 4) == (0.0, 50.0)
    low, high = Percentile(share=0.99).limits(seen, 4)
    assert low < 0.05 and 0.95 < high < 1.05
    best = Mse().limits(seen, 4)
    assert seen.error(best, 4) <= min(seen.error((0.0, end), 4) for end in (50.0, 25.0, 10.0, 1.0))


def test_many_numbers_in_one_place_are_all_counted():
    seen, many = Histogram.empty(0.0, 1.0), 2**24 + 9
    seen.add(torch.zeros(1).expand(many))
    assert seen.counts[0] == many


def test_first_and_last_layers_have_eight_bits_unless_all_are_alike():
    steps = folded(toy("resnet")).steps
    apart, alike = (Scheme(weight_bits=4, activation_bits=4, ends=ends) for ends in ("eight", "same"))
    bits = apart.weights(steps)
    assert bits.pop("stem") == bits.pop("head") == 8 and set(bits.values()) == {4}
    points = apart.points(steps)
    assert points.pop("normalise") == points.pop("pool") == 8 and set(points.values()) == {4}
    assert {*alike.weights(steps).values(), *alike.points(steps).values()} == {4}
    assert Scheme(weight_bits=8, activation_bits=32, ends="eight").points(steps) == {}


def test_nothing_is_rounded_that_is_added_in_the_accumulator_or_scaled_in_float32():
    steps = folded(toy("resnet")).steps
    inside, points = absorbed(steps), Scheme(weight_bits=8, activation_bits=8, ends="same").points(steps)
    assert len(inside) == 3 and not set(inside.values()) & points.keys()
    assert set(inside) < points.keys() and "head" not in points
    kept = folded(toy("convs")).steps
    assert "conv1" not in Scheme(weight_bits=8, activation_bits=8, ends="same").points(kept)


@pytest.mark.parametrize("name", NETS)
@torch.no_grad()
def test_eight_bits_change_less_than_four_and_results_lie_on_their_grids(name):
    net = toy(name)
    found, coarse = (Mse(weight_bits=b, activation_bits=b).quantise(net, images_of(64)) for b in (8, 4))
    rounded, exact = found.net(), net(IMAGES)
    error = (rounded(IMAGES) - exact).norm()
    assert error < 0.2 * exact.norm() and error < 0.3 * (coarse.net()(IMAGES) - exact).norm()
    results = rounded.results(IMAGES)
    for point, bits in found.scheme.points(found.steps).items():
        numbers, scale = results[point]
        assert scale is not None and torch.equal(numbers, numbers.round()), point
        assert numbers.max() - numbers.min() <= 2**bits - 1


@torch.no_grad()
def test_sums_of_whole_numbers_are_exact_and_do_not_depend_on_the_batch():
    found = Mse().quantise(toy("resnet"), images_of(64))
    net = found.net()
    whole, step = net.results(IMAGES), next(s for s in found.steps if s.op == "conv" and s.relu)
    taken, scale = whole[step.inputs[0]]
    weight = found.tensors[f"{step.name}/codes"]
    sums = torch.nn.functional.conv2d(taken.double(), weight.double(), **step.options)
    single = torch.nn.functional.conv2d(taken, weight.float(), **step.options)
    assert sums.abs().max() < 2**24 and torch.equal(sums, single.double())
    assert torch.equal(torch.cat([net(part) for part in IMAGES.split(7)]), net(IMAGES))


@torch.no_grad()
def test_the_twin_has_the_same_weights_and_rounds_nothing():
    found = Mse(weight_bits=4, activation_bits=4).quantise(toy("convn_bn"), images_of(64))
    weights_alone = Mse(weight_bits=4, activation_bits=32).quantise(toy("convn_bn"), images_of(64))
    assert torch.equal(found.twin()(IMAGES), weights_alone.net()(IMAGES))
    assert not torch.equal(found.twin()(IMAGES), found.net()(IMAGES))


def test_networks_with_weights_that_are_no_numbers_are_refused():
    net = toy("convn")
    with torch.no_grad():
        net.head.weight[0, 0] = torch.nan
    with pytest.raises(InputError, match="no finite numbers"):
        Mse().quantise(net, images_of(64))


def test_the_worst_of_four_ways_attacks_a_quantised_network(tmp_path):
    parent = toy("convn_bn")
    found = Mse(weight_bits=4, activation_bits=4).quantise(parent, images_of(64))
    net = found.net()
    with torch.no_grad():
        shown = Shown(IMAGES[:24], net(IMAGES[:24]).argmax(1), torch.arange(24))
    target, clean = Target(net, standins(net, parent, found.twin())), correct(net, shown, 24)
    assert list(target.standins) == ["through_twin", "twin", "through_parent", "parent"] and clean.all()
    store = Checkpoints("quantised", tmp_path)
    attacks = {
        "straight": PGD(eps=[0.05], steps=5),
        "all": PGD(eps=[0.05], steps=5, routes="all"),
        "square": Square(eps=[0.05], queries=30),
    }
    left = {
        name: attacked(attack, 0.05, target, shown, clean, 0, 24, store, name).robust.double().mean()
        for name, attack in attacks.items()
    }
    assert left["all"] <= left["straight"] < 1, "gradients lead through the rounding"
    assert left["square"] <= 1
