"""Checks that the codecs and classifiers of a study, and what is done with them, go together."""

from fnmatch import fnmatchcase

from shiftpress.assembly import attacked, attacks_on, build, models_of, trained_cards, trained_codecs
from shiftpress.core.catalog import component
from shiftpress.core.layers import Layers
from shiftpress.core.params import Params
from shiftpress.core.problems import Problem, suggestion


def model_problems(params: Params, layers: Layers) -> list[Problem]:
    """Codecs, objectives, pruners and shifts with nothing to work on, and names of nothing in their entries."""
    return [*_lonely(params, layers), *_idle(params, layers), *_harmless(params, layers)]


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
    """Pruners of the study that are for none of its classifiers, and names of nothing in entries of the study."""
    cards = trained_cards(params)
    found, at_work = [], {pruner for _, _, pruner in cards}
    for position, pattern in enumerate([] if params.study.cards == "all" else params.study.cards):
        if not any(fnmatchcase("/".join(card), pattern) for card in cards):
            text = f"{pattern!r} is like no classifier/augmentation/pruner of the study; change it, or leave it out"
            found.append(layers.problem(("study", "cards", position), text))
    for name in params.chosen("pruners"):
        for classifier in build("pruners", params.pruners[name]).only or []:
            if classifier not in params.classifiers:
                text = f"no entry {classifier!r} in classifiers.{suggestion(classifier, list(params.classifiers))}"
                found.append(layers.problem(("pruners", name, "only"), text))
        if name not in at_work:
            text = "no classifier of the study is one it is for; add one, or leave it out of study.pruners"
            found.append(layers.problem(("pruners", name), text))
    for name in params.used("augmentations"):
        named = build("augmentations", params.augmentations[name]).natural
        found += _no_datasets(params, layers, ("augmentations", name, "natural"), named)
    for name in params.chosen("attacks"):
        named = build("attacks", params.attacks[name]).only or []
        found += _no_datasets(params, layers, ("attacks", name, "only"), named)
    return found


def _harmless(params: Params, layers: Layers) -> list[Problem]:
    """White-box shifts and attacks that none of the study's models is the object of."""
    shifts = [name for name in params.chosen("shifts") if build("shifts", params.shifts[name]).white_box]
    idle = [("shifts", name) for name in shifts if not attacked(params, name)]
    trained = params.datasets_of("cards")
    places = {"cards": trained, "decks": trained, "edge": params.datasets_of("edge")}
    places["atmc"] = list(dict.fromkeys(dataset for dataset, _ in params.compressed()))
    at_work = {
        attack
        for phase, models in models_of(params).items()
        for model in models
        for dataset in places.get(phase, [])
        for attack in attacks_on(params, phase, dataset, model)
    }
    # one that is for other datasets only is left out, like such a shift
    meant = [name for name in params.chosen("attacks") if _meant(params, name)]
    idle += [("attacks", name) for name in meant if name not in at_work]
    text = "the study trains no model like these; change them, or leave it out of study.{}"
    more = {"attacks": " (gates that read labels or guess cannot be attacked)"}
    return [
        layers.problem((family, name, "models"), text.format(family) + more.get(family, "")) for family, name in idle
    ]


def _meant(params: Params, attack: str) -> bool:
    """Whether it is for some dataset of the study."""
    only = build("attacks", params.attacks[attack]).only
    return not only or bool(set(only) & set(params.chosen("datasets")))


def _no_datasets(params: Params, layers: Layers, place: tuple[str, ...], names: list[str]) -> list[Problem]:
    known = list(params.datasets)
    texts = [f"no entry {name!r} in datasets.{suggestion(name, known)}" for name in names if name not in known]
    return [layers.problem(place, text) for text in texts]
