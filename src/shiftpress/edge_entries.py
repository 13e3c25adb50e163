"""What the phase edge makes of the classifiers of a study, and checks that it goes together."""

from collections.abc import Iterator

from shiftpress.assembly import build, unfit
from shiftpress.core.edge import WORDS, Method, named, percent
from shiftpress.core.layers import Layers
from shiftpress.core.params import Params
from shiftpress.core.problems import Problem, suggestion


def methods(params: Params) -> list[Method]:
    """Every method of the study's phase edge, dense networks first. Raises ValueError for a name of none."""
    filters, quantizers = params.chosen("filters"), params.chosen("quantizers")
    return [Method.of(name, filters, quantizers) for name in named(params.edge, filters, quantizers)]


def trained(params: Params) -> list[tuple[Method, list[float]]]:
    """Methods that train, each with the shares of parameters that its networks keep.

    Students come in every size that pruned networks do.
    """
    ratios = {name: build("filters", params.filters[name]).ratios for name in params.chosen("filters")}
    every = sorted({ratio for own in ratios.values() for ratio in own}, reverse=True)
    found = dict.fromkeys(method.unrounded for method in methods(params))
    return [(m, [1.0] if m.whole else ratios.get(m.base, every)) for m in found]


def rounded(params: Params) -> dict[str, tuple[str, str]]:
    """Of every rounded network, ``<method>/<percent>``: the name of the one it is made from, and of the quantizer."""
    shares, found = {method.name: ratios for method, ratios in trained(params)}, {}
    for method in (method for method in methods(params) if method.quantizer):
        bits = build("quantizers", params.quantizers[method.quantizer]).weight_bits
        for ratio in shares[method.unrounded.name]:
            source = f"{method.unrounded.name}/{percent(ratio)}"
            found[f"{method.name}/{percent(ratio * bits / 32)}"] = source, method.quantizer
    return found


def edge_problems(params: Params, layers: Layers) -> list[Problem]:
    """Names in the phase edge of nothing that fits; nothing if the study leaves it out."""
    if not params.study.edge:
        return []
    found = [layers.problem(place, text) for place, text in _unknown(params)]
    return found or [layers.problem(place, text) for place, text in _misfits(params)]


def _unknown(params: Params) -> Iterator[tuple[tuple, str]]:
    """Names of no entry, with the place they stand at."""
    edge, recipe = params.edge, params.fit.edge
    chosen = [] if params.study.edge == "all" else params.study.edge
    lists = {
        ("study", "edge"): (chosen, "study.datasets", params.chosen("datasets")),
        ("edge", "sizes"): (edge.sizes, "classifiers", list(params.classifiers)),
    }
    for place, (names, where, known) in lists.items():
        for position, name in enumerate(names):
            if name not in known:
                yield (*place, position), f"{name!r} is not in {where}.{suggestion(name, known)}"
    if recipe.augmentation not in params.augmentations:
        known = list(params.augmentations)
        text = f"no entry {recipe.augmentation!r} in augmentations.{suggestion(recipe.augmentation, known)}"
        yield ("fit", "edge", "augmentation"), text
    for family in ("filters", "quantizers"):
        for name in set(params.chosen(family)) & set(WORDS):
            yield (family, name), f"{name!r} is a method of the phase edge already; choose another name"
    for position, name in enumerate(edge.combined):
        try:
            Method.of(name, params.chosen("filters"), params.chosen("quantizers"))
        except ValueError as error:
            yield ("edge", "combined", position), str(error)


def _misfits(params: Params) -> Iterator[tuple[tuple, str]]:
    """Networks that do not take the images of their dataset, or that nothing can be removed of; students of no size."""
    if not params.edge.sizes:
        yield ("edge", "sizes"), "the phase edge needs classifiers; name some, or leave study.edge empty"
    if params.edge.students and not params.chosen("filters"):
        yield ("edge", "students"), "students are as large as pruned networks; add a pruner to study.filters"
    for name in params.edge.sizes:
        if not build("classifiers", params.classifiers[name]).filters:
            yield ("classifiers", name), "no filter of it can be removed; leave it out of edge.sizes"
        for dataset in params.datasets_of("edge"):
            if text := unfit(params, "classifiers", name, dataset):
                yield ("classifiers", name), text
