"""Filters are ranked, taken out for good, and what is left computes what the whole network would without them."""

from itertools import pairwise

import pytest
import torch
from toy_lessons import halves

from shiftpress.augmentations.clean import Clean
from shiftpress.classifiers.caffe_lenet import CaffeLeNet
from shiftpress.classifiers.convn import ConvN
from shiftpress.classifiers.convs import ConvS
from shiftpress.classifiers.preact_resnet import PreActResNet
from shiftpress.classifiers.resnet import ResNet
from shiftpress.classifiers.vgg16 import VGG16
from shiftpress.core.problems import InputError
from shiftpress.core.recipe import EdgeFit
from shiftpress.filters.base import Seen
from shiftpress.filters.bn_gamma import BatchNormScale
from shiftpress.filters.fpgm import GeometricMedian
from shiftpress.filters.l1 import L1
from shiftpress.filters.l2 import L2
from shiftpress.filters.random import RandomFilters
from shiftpress.filters.taylor import Taylor
from shiftpress.packing.card import pack, unpack
from shiftpress.training.narrowing import changes_of, check_equal, choose, member_of_size, parameters, taken_out
from shiftpress.training.taught import Taught

SHAPE = (1, 32, 32)
NETS = [
    ConvS(width=0.5),
    ConvS(width=0.5, norm="none"),
    ConvN(depth=4, width=0.125, norm="plain"),
    ConvN(depth=8, width=0.0625),
    CaffeLeNet(width=0.2),
    VGG16(width=0.0625),
    ResNet(depth=8),
    ResNet(depth=18, width=0.0625, norm="plain"),
    PreActResNet(stages=[8, 16]),
    PreActResNet(stages=[8, 16], norm="affine", shortcuts="released"),
]
CRITERIA = [L1, L2, BatchNormScale, Taylor, GeometricMedian, RandomFilters]


def lesson(classifier, count=64):
    parts = {"augmentation": Clean(), "recipe": EdgeFit(batch=16), "train": halves(count), "val": halves(8)}
    return Taught("toy", "net", classifier, classes=2, seed=3, **parts)


def used(net):
    """Statistics and scales as after training: all different."""
    rng = torch.Generator().manual_seed(5)
    for name, tensor in net.state_dict().items():
        if tensor.is_floating_point() and "normalise" not in name and tensor.ndim == 1:
            tensor.copy_((torch.rand(tensor.shape, generator=rng) + 0.5) * (0.1 if "mean" in name else 1))
    return net.eval()


def some_of(classifier):
    rng = torch.Generator().manual_seed(1)
    return {
        one.layer: torch.randperm(one.count, generator=rng)[: max(1, one.count * 2 // 3)].sort().values
        for one in classifier.filters
    }


def masked(net, classifier, kept):
    """The same network, its filters zero with all that is theirs, and their readers blind to them."""
    for one in classifier.filters:
        gone = torch.ones(one.count, dtype=torch.bool)
        gone[kept[one.layer]] = False
        with torch.no_grad():
            for name in filter(None, (one.layer, one.norm)):
                for tensor in net.get_submodule(name).parameters():
                    tensor[gone] = 0
            reader = net.get_submodule(one.reader).weight
            reader.view(len(reader), one.count, -1)[:, gone] = 0
    return net


@pytest.mark.parametrize("classifier", NETS, ids=lambda c: f"{c.title}-{getattr(c, 'norm', '')}")
def test_a_pruned_network_says_what_its_masked_parent_says(classifier):
    torch.manual_seed(0)
    net, images = used(classifier.build(SHAPE, 7)), torch.rand(5, *SHAPE)
    kept = some_of(classifier)
    state = taken_out(net.state_dict(), classifier.filters, kept)
    small = classifier.narrowed([len(kept[one.layer]) for one in classifier.filters])
    pruned = small.build(SHAPE, 7).eval()
    pruned.load_state_dict(state)
    whole = net(images)
    wanted = masked(net, classifier, kept)(images)
    assert (pruned(images) - wanted).abs().max() < 1e-5 * wanted.abs().max().clamp_min(1)
    assert (whole - wanted).abs().max() > 1e-3, "something was removed"


@pytest.mark.parametrize("classifier", NETS, ids=lambda c: f"{c.title}-{getattr(c, 'norm', '')}")
def test_its_card_file_is_smaller_and_opens_without_the_parent(classifier):
    torch.manual_seed(0)
    net, kept = used(classifier.build(SHAPE, 7)), some_of(classifier)
    state = taken_out(net.state_dict(), classifier.filters, kept)
    small = classifier.narrowed([len(kept[one.layer]) for one in classifier.filters])
    kind = type(classifier).__module__.rpartition(".")[2]
    data = pack(state, kind, small.model_dump(mode="json"), SHAPE, 7)
    whole = pack(net.state_dict(), kind, classifier.model_dump(mode="json"), SHAPE, 7)
    assert len(data) < 0.9 * len(whole)
    found = unpack(data)
    assert found.facts.fields["widths"] == small.widths
    pruned = small.build(SHAPE, 7).eval()
    pruned.load_state_dict(state)
    images = torch.rand(5, *SHAPE)
    assert torch.equal(found.net()(images), pruned(images))
    assert b"widths" not in whole, "card files of networks that keep everything are as they were"


def test_removing_filters_where_shortcuts_add_up_is_not_offered():
    layers = [one.layer for one in ResNet(depth=8).filters]
    assert layers == ["block0a.conv1", "block1a.conv1", "block2a.conv1"]


def test_widths_are_of_every_layer_or_refused():
    assert ConvS().narrowed([3, 5, 7]).counts == {"conv0": 3, "conv1": 5, "fc0": 7}
    with pytest.raises(ValueError, match="of 3 layers here, not of 2"):
        ConvS(widths=[3, 5])
    with pytest.raises(ValueError):
        ConvS(widths=[3, 0, 5])


@pytest.mark.parametrize("kind", CRITERIA)
@pytest.mark.parametrize("scope", ["uniform", "global"])
@pytest.mark.parametrize("ratio", [0.75, 0.5, 0.25, 0.125])
def test_as_many_parameters_stay_as_the_ratio_says(kind, scope, ratio):
    torch.manual_seed(0)
    task = lesson(ConvS(norm="affine"))
    net = used(task.untrained())
    whole = parameters(task.classifier, SHAPE, 2)
    kept = choose(kind(scope=scope), task, net, task.classifier, round(ratio * whole), 0)
    small = task.classifier.narrowed([len(own) for own in kept.values()])
    share = parameters(small, SHAPE, 2) / whole
    assert share == pytest.approx(ratio, rel=0.05)
    for one in task.classifier.filters:
        assert len(kept[one.layer]) >= 0.1 * one.count
        assert kept[one.layer].tolist() == sorted(set(kept[one.layer].tolist()))


def test_the_least_filters_go():
    torch.manual_seed(0)
    task = lesson(ConvS(norm="affine"))
    net = task.untrained()
    with torch.no_grad():
        net.conv1.weight[5] *= 1e-3
        net.fc0.weight[[7, 9]] *= 1e-3
    kept = choose(L1(scope="global"), task, net, task.classifier, parameters(task.classifier, SHAPE, 2) - 12_000, 0)
    assert 5 not in kept["conv1"] and not {7, 9} & set(kept["fc0"].tolist())
    assert len(kept["conv0"]) == 16 and len(kept["conv1"]) == 31


def test_layers_without_a_scale_stay_whole_under_their_scales():
    task = lesson(ConvS(norm="affine"))
    kept = choose(BatchNormScale(), task, used(task.untrained()), task.classifier, 150_000, 0)
    assert len(kept["fc0"]) == 128 and len(kept["conv1"]) < 32


def test_what_cannot_be_reached_is_refused():
    task = lesson(ConvS(norm="none"))
    with pytest.raises(InputError, match="filters cannot be removed down to"):
        choose(BatchNormScale(), task, task.untrained(), task.classifier, 100_000, 0)
    with pytest.raises(InputError, match="cannot be removed down to"):
        choose(L1(least=0.5), task, task.untrained(), task.classifier, 1000, 0)


def test_the_first_order_change_is_that_of_the_loss():
    """For a filter that hardly does anything, removing it changes the loss as its slope says."""
    torch.manual_seed(0)
    task = lesson(ConvS(width=0.25, norm="affine"), count=16)
    net = used(task.untrained())
    with torch.no_grad():
        for norm in (net.norm0, net.norm1):
            norm.weight.mul_(1e-3), norm.bias.mul_(1e-3)
        net.fc0.weight.mul_(1e-3)
    found = changes_of(task, net, batches=1)
    images, labels = task.train.images[:].float() / 255, task.train.labels

    def loss():
        with torch.no_grad():
            return torch.nn.functional.cross_entropy(net.eval().double()(images.double()), labels)

    before = loss()
    for layer, norm in (("conv0", net.norm0), ("conv1", net.norm1)):
        for filter_ in range(len(norm.weight)):
            kept = norm.weight[filter_].item(), norm.bias[filter_].item()
            with torch.no_grad():
                norm.weight[filter_] = norm.bias[filter_] = 0
                change = (loss() - before).item()
                norm.weight[filter_], norm.bias[filter_] = kept
            assert change**2 == pytest.approx(found[layer][filter_].item(), rel=0.05, abs=1e-14), layer


@pytest.mark.parametrize("rounds", [1, 5])
def test_rounds_go_down_by_equal_factors(rounds):
    targets = L1(rounds=rounds).targets(0.25)
    assert len(targets) == rounds and targets[-1] == pytest.approx(0.25)
    steps = [b / a for a, b in pairwise([1, *targets])]
    assert steps == pytest.approx([0.25 ** (1 / rounds)] * rounds)


def test_ratios_that_do_not_fall_are_refused():
    with pytest.raises(ValueError, match="must fall"):
        L1(ratios=[0.25, 0.5])


def test_norms_are_those_of_the_filters():
    seen = Seen(torch.tensor([[[[3.0, -4.0]]], [[[1.0, 1.0]]]]))
    random = torch.Generator()
    assert L1().scores(seen, random).tolist() == [7, 2] and L2().scores(seen, random).tolist()[0] == 5


def test_a_filter_among_others_goes_before_a_small_one_apart():
    """On a line at 0, 1, 2, 3 and 10, the third is nearest to all others; the smallest is the first."""
    seen = Seen(torch.tensor([0.0, 1.0, 2.0, 3.0, 10.0]).view(5, 1, 1, 1))
    scores = GeometricMedian().scores(seen, torch.Generator())
    assert scores.tolist() == [16, 13, 12, 13, 34]
    assert L1().scores(seen, torch.Generator()).argmin() == 0 and scores.argmin() == 2


@pytest.mark.parametrize(
    "classifier", [ConvS(), ConvN(width=0.25), CaffeLeNet(), VGG16(width=0.5), ResNet(depth=8), PreActResNet()]
)
@pytest.mark.parametrize("ratio", [0.75, 0.5, 0.25, 0.125])
def test_a_student_of_the_family_has_the_size_of_the_pruned_network(classifier, ratio):
    target = round(ratio * parameters(classifier, SHAPE, 10))
    student = member_of_size(classifier, SHAPE, 10, target)
    assert type(student) is type(classifier) and student.width < classifier.width and student.widths is None
    assert parameters(student, SHAPE, 10) == pytest.approx(target, rel=0.05)


def test_sizes_that_are_not_equal_are_refused():
    check_equal(105, 100, "x")
    with pytest.raises(InputError, match="x: 106 parameters are not within 5 % of 100"):
        check_equal(106, 100, "x")
