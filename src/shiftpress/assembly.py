"""Builds components from params entries, and checks a whole study before anything runs."""

from fnmatch import fnmatchcase
from typing import Any

from pydantic import ValidationError

from shiftpress.atmc_entries import atmc_problems
from shiftpress.core.catalog import component
from shiftpress.core.explain import explain
from shiftpress.core.layers import Layers, read_layers
from shiftpress.core.params import Entry, Params
from shiftpress.core.problems import InputError, Problem, suggestion
from shiftpress.deck_entries import deck_problems
from shiftpress.entries import entry_problems, phase_problems, study_problems

TEST_ONLY = "it has no images to train on; let a shift of kind 'official' name it instead of study.datasets"


def build(family: str, entry: Entry | dict[str, Any]) -> Any:
    """The component that a params entry describes."""
    entry = Entry.model_validate(entry)
    return component(family, entry.kind)(**entry.fields)


def trained_codecs(params: Params) -> list[tuple[str, str]]:
    """Names of every codec and objective that the study trains together: those that fit."""
    objectives = {name: build("objectives", params.objectives[name]) for name in params.chosen("objectives")}
    codecs = {name: component("codecs", params.codecs[name].kind) for name in params.chosen("codecs")}
    return [
        (codec, name)
        for codec, kind in codecs.items()
        for name, objective in objectives.items()
        if kind.structure in objective.structures and codec in (objective.only or [codec])
    ]


def pruned_classifiers(params: Params) -> list[tuple[str, str]]:
    """Names of every classifier and pruner that the study brings together; ``dense`` is each classifier unpruned."""
    pruners = {name: build("pruners", params.pruners[name]) for name in params.chosen("pruners")}
    return [
        (classifier, name)
        for classifier in params.chosen("classifiers")
        for name in ["dense", *(n for n, pruner in pruners.items() if classifier in (pruner.only or [classifier]))]
    ]


def attacked(params: Params, shift: str) -> list[str]:
    """Names of the models that a white-box shift of the study is made against."""
    made = build("shifts", params.shifts[shift])
    models = {
        "codecs": ["/".join(pair) for pair in trained_codecs(params)],
        "cards": [f"{c}/{a}/{p}" for c, p in pruned_classifiers(params) for a in params.chosen("augmentations")],
    }
    each = [model for phase in made.phases for model in models[phase]]
    return [model for model in each if any(fnmatchcase(model, pattern) for pattern in made.models)]


def load_study(files: list[str], overrides: dict[str, Any] | None = None) -> Params:
    """Read params files, later ones laid over earlier ones, and check every entry.

    Raises InputError with all mistakes at once.
    """
    layers = read_layers(files, overrides)
    problems = [*entry_problems(layers), *study_problems(layers)]
    try:
        params = Params.model_validate(layers.data)
    except ValidationError as error:
        problems += [layers.problem(place, text) for place, text in explain(error, Params)]
    if not problems:
        single = (phase_problems, _lonely, _idle, _missing_partners, _harmless)
        checks = (*single, deck_problems, atmc_problems, _misfits)
        problems = [problem for check in checks for problem in check(params, layers)]
    if problems:
        raise InputError(problems)
    return params


def partners(params: Params, shift: Any, family: str) -> list[str]:
    """Names of entries that a shift is made with, besides the test set; parts of a composition have theirs."""
    wanted = shift.needs()
    parts = [build("shifts", params.shifts[name]) for name in wanted.get("shifts", [])]
    names = [*wanted.get(family, []), *(name for part in parts for name in part.needs().get(family, []))]
    return list(dict.fromkeys(names))


def datasets_read(params: Params) -> list[str]:
    """Names of all datasets that a study reads: its own, and those that a shift puts in the place of one of them."""
    own = params.chosen("datasets")
    shifts = [build("shifts", params.shifts[name]) for name in params.chosen("shifts")]
    used = [shift for shift in shifts if not shift.only or set(shift.only) & set(own)]
    return list(dict.fromkeys([*own, *(name for shift in used for name in partners(params, shift, "datasets"))]))


def _missing_partners(params: Params, layers: Layers) -> list[Problem]:
    """Names that a shift asks for and that are not there."""
    trained = ["/".join(pair) for pair in trained_codecs(params)]
    known = {"datasets": list(params.datasets), "shifts": list(params.shifts), "codecs": trained}
    found = []
    for name in params.chosen("shifts"):
        shift = build("shifts", params.shifts[name])
        wanted = [(family, partner) for family, names in shift.needs().items() for partner in names]
        nested = [n for n in shift.needs().get("shifts", []) if "shifts" in _needs(params, n)]
        if nested:
            text = f"{nested[0]!r} is itself made of other shifts; name those"
            found.append(layers.problem(("shifts", name), text))
        for family, partner in [*wanted, *(("datasets", dataset) for dataset in shift.only or [])]:
            if partner not in known[family]:
                text = f"no entry {partner!r} in {family}.{suggestion(partner, known[family])}"
                found.append(layers.problem(("shifts", name), text))
    return found


def _lonely(params: Params, layers: Layers) -> list[Problem]:
    """Codecs and objectives of the study that nothing in it fits, and names of codecs that are not there."""
    found, pairs = [], trained_codecs(params)
    for name in params.chosen("codecs"):
        if name not in [codec for codec, _ in pairs]:
            kind = component("codecs", params.codecs[name].kind)
            text = f"no objective of the study can train it: it is {kind.structure}; add one to study.objectives"
            found.append(layers.problem(("codecs", name), text))
    for name in params.chosen("objectives"):
        for codec in build("objectives", params.objectives[name]).only or []:
            if codec not in params.codecs:
                text = f"no entry {codec!r} in codecs.{suggestion(codec, list(params.codecs))}"
                found.append(layers.problem(("objectives", name, "only"), text))
        if name not in [objective for _, objective in pairs]:
            text = "no codec of the study fits it; add one to study.codecs, or leave it out of study.objectives"
            found.append(layers.problem(("objectives", name), text))
    return found


def _idle(params: Params, layers: Layers) -> list[Problem]:
    """Pruners of the study that are for none of its classifiers, and names in pruners and augmentations of nothing."""
    found, at_work = [], {pruner for _, pruner in pruned_classifiers(params)}
    for name in params.chosen("pruners"):
        for classifier in build("pruners", params.pruners[name]).only or []:
            if classifier not in params.classifiers:
                text = f"no entry {classifier!r} in classifiers.{suggestion(classifier, list(params.classifiers))}"
                found.append(layers.problem(("pruners", name, "only"), text))
        if name not in at_work:
            text = "no classifier of the study is one it is for; add one, or leave it out of study.pruners"
            found.append(layers.problem(("pruners", name), text))
    for name in params.used("augmentations"):
        for dataset in build("augmentations", params.augmentations[name]).natural:
            if dataset not in params.datasets:
                text = f"no entry {dataset!r} in datasets.{suggestion(dataset, list(params.datasets))}"
                found.append(layers.problem(("augmentations", name, "natural"), text))
    return found


def _harmless(params: Params, layers: Layers) -> list[Problem]:
    """White-box shifts that are made against none of the study's models."""
    names = [name for name in params.chosen("shifts") if build("shifts", params.shifts[name]).white_box]
    text = "the study trains no model like these; change them, or leave the shift out of study.shifts"
    return [layers.problem(("shifts", name, "models"), text) for name in names if not attacked(params, name)]


def _needs(params: Params, shift: str) -> dict[str, list[str]]:
    return build("shifts", params.shifts[shift]).needs() if shift in params.shifts else {}


def _misfits(params: Params, layers: Layers) -> list[Problem]:
    """Datasets that are not there, and networks or partners that do not fit their images."""
    found = []
    for dataset in params.chosen("datasets"):
        source = build("datasets", params.datasets[dataset])
        if reason := source.missing() or (source.test_only and TEST_ONLY):
            found.append(layers.problem(("datasets", dataset), reason))
        for family, phase in (("codecs", "codecs"), ("classifiers", "cards")):
            for name in params.used(family) if dataset in params.datasets_of(phase) else []:
                reason = build(family, getattr(params, family)[name]).misfit(source.shape)
                if reason:
                    text = f"cannot take the images of dataset {dataset!r}: {reason}"
                    found.append(layers.problem((family, name), text))
        found += _unlike_partners(params, layers, dataset)
    return found


def _unlike_partners(params: Params, layers: Layers, dataset: str) -> list[Problem]:
    """Datasets that a shift puts in the place of another and that are missing or of another shape."""
    found, shape = [], build("datasets", params.datasets[dataset]).shape
    for name in params.chosen("shifts"):
        shift = build("shifts", params.shifts[name])
        if dataset not in (shift.only or [dataset]):
            continue
        for partner in shift.needs().get("datasets", []):
            other = build("datasets", params.datasets[partner])
            if reason := other.missing():
                found.append(layers.problem(("datasets", partner), reason))
            elif other.shape != shape:
                text = f"images of {partner!r} are {other.shape}, those of {dataset!r} are {shape}"
                found.append(layers.problem(("shifts", name), text + "; set size or channels, or only: [...]"))
    return found
