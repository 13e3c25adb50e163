"""Checks that the datasets of a study are there, and that networks and shifts fit their images."""

from shiftpress.assembly import build, trained_codecs, unfit
from shiftpress.core.layers import Layers
from shiftpress.core.params import Params
from shiftpress.core.problems import Problem, suggestion

TEST_ONLY = "it has no images to train on; let a shift of kind 'official' name it instead of study.datasets"


def dataset_problems(params: Params, layers: Layers) -> list[Problem]:
    """Names that shifts ask for in vain, missing datasets, and networks or partners that do not fit their images."""
    return [*_missing_partners(params, layers), *_misfits(params, layers)]


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
                if text := unfit(params, family, name, dataset):
                    found.append(layers.problem((family, name), text))
        found += _unlike_partners(params, layers, dataset)
    return found


def _unlike_partners(params: Params, layers: Layers, dataset: str) -> list[Problem]:
    """Datasets that a shift puts in the place of another and that are missing or of another shape; codecs alike."""
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
        for codec in (pair.partition("/")[0] for pair in shift.needs().get("codecs", [])):
            if codec in params.codecs and (text := unfit(params, "codecs", codec, dataset)):
                found.append(layers.problem(("shifts", name), f"codec {codec!r} {text}, or only: [...]"))
    return found
