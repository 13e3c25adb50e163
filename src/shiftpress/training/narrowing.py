"""Networks with filters taken out of them, for good."""

import math
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shiftpress.classifiers.base import Classifier, Filters
from shiftpress.core.problems import InputError
from shiftpress.core.splits import Shape
from shiftpress.core.tensors import State
from shiftpress.filters.base import FilterPruner, Kept, Seen
from shiftpress.training.batches import Batches
from shiftpress.training.lessons import Lesson

PER_OUTPUT = ("weight", "bias", "running_mean", "running_var")
"""Tensors of a layer and of its normalisation that have a place for each filter."""
EQUAL = 0.05
"""Sizes that differ by this share at most are called equal."""


def taken_out(state: State, filters: list[Filters], kept: Kept) -> State:
    """The state of the network that has only the filters ``kept``.

    In evaluation mode its logits are those of the whole network whose readers do not see the others.
    """
    found = dict(state)
    for one in filters:
        keep = kept[one.layer]
        for layer in filter(None, (one.layer, one.norm)):
            for name in (f"{layer}.{part}" for part in PER_OUTPUT):
                if name in found:
                    found[name] = found[name][keep].clone()
        weight = found[f"{one.reader}.weight"]
        inputs = weight.unflatten(1, (one.count, -1))  # of linear layers, each filter has all its positions in a row
        found[f"{one.reader}.weight"] = inputs[:, keep].flatten(1, 2).clone()
    return found


def parameters(classifier: Classifier, shape: Shape, classes: int) -> int:
    """Trained numbers of a network, biases and normalisation among them."""
    return _parameters(type(classifier), classifier.model_dump_json(), shape, classes)


@cache
def _parameters(kind: type[Classifier], fields: str, shape: Shape, classes: int) -> int:
    with torch.device("meta"):
        net = kind.model_validate_json(fields).build(shape, classes)
    return sum(parameter.numel() for parameter in net.parameters())


def choose(pruner: FilterPruner, lesson: Lesson, net: nn.Module, whole: Classifier, target: int, number: int) -> Kept:
    """Which filters of a network of the lesson stay, so that it has so many parameters as ``target`` says.

    ``whole`` is the classifier before any were removed: layers keep the pruner's least share of it. Raises InputError.
    """
    classifier = lesson.classifier
    if not classifier.filters:
        raise InputError(f"{classifier.title}: no filter of it can be removed")
    changes = changes_of(lesson, net) if pruner.looks else {}
    layers = {one.layer: _seen(net, one, changes.get(one.layer)) for one in classifier.filters}
    least = {one.layer: math.ceil(pruner.least * one.count) for one in whole.filters}
    shape = tuple(lesson.train.images.shape[1:])
    random = torch.Generator().manual_seed(lesson.seed_of("filters", lesson.classifier_name, number))

    def weigh(widths: list[int]) -> int:
        return parameters(classifier.narrowed(widths), shape, lesson.classes)

    return pruner.kept(layers, target, least, weigh, random)


def _seen(net: nn.Module, one: Filters, change: Tensor | None) -> Seen:
    """On the CPU: filters are few, and all devices rank them alike."""
    norm = net.get_submodule(one.norm) if one.norm else None
    scale = norm.weight.detach().cpu() if norm is not None and norm.affine else None
    return Seen(net.get_submodule(one.layer).weight.detach().cpu(), scale, change)


def changes_of(lesson: Lesson, net: nn.Module, batches: int = 20) -> dict[str, Tensor]:
    """Squared change of the loss without each filter, to the first order: mean over some batches of training images."""
    gates = {one.layer: list(_gates(net, one)) for one in lesson.classifier.filters}
    totals = {name: torch.zeros(len(own[0])) for name, own in gates.items()}
    order = Batches(len(lesson.train), lesson.recipe.batch, lesson.seed_of("changes"))
    views = torch.Generator().manual_seed(lesson.seed_of("views of changes"))
    net.eval()  # with batch statistics, the scale of weights before a normalisation would not matter
    for _ in range(batches):
        positions = order.next()
        images = lesson.views(positions, views)[0]
        loss = F.cross_entropy(net(images), lesson.train.labels[positions])
        slopes = iter(torch.autograd.grad(loss, [gate for own in gates.values() for gate in own]))
        for name, own in gates.items():
            change = sum((gate.detach() * next(slopes)).view(len(gate), -1).sum(1) for gate in own)
            totals[name] += change.cpu().square() / batches
    net.train()
    return totals


def _gates(net: nn.Module, one: Filters) -> Iterator[nn.Parameter]:
    """What would be zero together without a filter, each (count, ...)."""
    norm = net.get_submodule(one.norm) if one.norm else None
    layer = norm if norm is not None and norm.affine else net.get_submodule(one.layer)
    return (getattr(layer, part) for part in ("weight", "bias") if getattr(layer, part) is not None)


def member_of_size(classifier: Classifier, shape: Shape, classes: int, target: int) -> Classifier:
    """The narrower member of the classifier's family that has ``target`` parameters, or as nearly as widths allow.

    Widths fall in steps of half a percent, finer than the steps of a layer's whole number of channels.
    """
    members = [classifier.model_copy(update={"width": classifier.width * 0.995**step}) for step in range(1200)]
    place = bisect_left(members, -target, key=lambda one: -parameters(one, shape, classes))
    return min(members[max(place - 1, 0) : place + 1], key=lambda one: abs(parameters(one, shape, classes) - target))


def check_equal(ours: int, theirs: int, what: str) -> None:
    """Raises InputError unless two numbers of parameters are within 5 % of each other: only such are compared."""
    if abs(ours - theirs) > EQUAL * theirs:
        text = f"{what}: {ours} parameters are not within {100 * EQUAL:g} % of {theirs}"
        raise InputError(text + "; widths are whole numbers of channels, so take a larger network or ratio")
