"""Checks that what compressors are applied to is there, and goes together with them."""

from collections.abc import Iterator

from shiftpress.assembly import build, unfit
from shiftpress.core.layers import Layers
from shiftpress.core.params import Params
from shiftpress.core.problems import Problem, suggestion


def atmc_problems(params: Params, layers: Layers) -> list[Problem]:
    """Names in the recipe under attack, in compressors and in study.compressed of nothing that fits."""
    if not params.chosen("compressors"):
        return []
    found = [layers.problem(place, text) for place, text in _unknown(params)]
    if found:
        return found
    return [*_idle(params, layers), *_misfits(params, layers)]


def _unknown(params: Params) -> Iterator[tuple[tuple, str]]:
    """Names of no entry, with the place they stand at."""
    fit, classifiers = params.fit.atmc, list(params.classifiers)
    if fit.augmentation not in params.augmentations:
        text = f"no entry {fit.augmentation!r} in augmentations.{suggestion(fit.augmentation, [*params.augmentations])}"
        yield ("fit", "atmc", "augmentation"), text
    for field, dataset in ((which, name) for which in ("radii", "lrs", "steps") for name in getattr(fit, which)):
        if dataset not in params.datasets:
            text = f"no entry {dataset!r} in datasets.{suggestion(dataset, [*params.datasets])}"
            yield ("fit", "atmc", field), text
    for place, name in enumerate(params.study.compressed):
        dataset, _, classifier = name.partition("/")
        for family, word, known in (
            ("study.datasets", dataset, ["*", *params.chosen("datasets")]),
            ("classifiers", classifier, classifiers),
        ):
            if word not in known:
                text = f"write dataset/classifier; {word!r} is not in {family}.{suggestion(word, known)}"
                yield ("study", "compressed", place), text
    for name in params.chosen("compressors"):
        for classifier in build("compressors", params.compressors[name]).only or []:
            if classifier not in classifiers:
                text = f"no entry {classifier!r} in classifiers.{suggestion(classifier, classifiers)}"
                yield ("compressors", name, "only"), text


def _idle(params: Params, layers: Layers) -> Iterator[Problem]:
    """Compressors that are for none of the compressed classifiers."""
    for name in params.chosen("compressors"):
        only = build("compressors", params.compressors[name]).only
        if only and not set(only) & {classifier for _, classifier in params.compressed()}:
            text = "nothing in study.compressed is a classifier it is for; add one, or leave it out"
            yield layers.problem(("compressors", name), text)


def _misfits(params: Params, layers: Layers) -> Iterator[Problem]:
    """Networks that do not take the images of their dataset."""
    for dataset, name in params.compressed():
        if text := unfit(params, "classifiers", name, dataset):
            yield layers.problem(("classifiers", name), text)
