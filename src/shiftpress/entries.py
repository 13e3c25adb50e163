"""Checks that need one entry of the params at a time, before they are assembled."""

from typing import Any

from pydantic import ValidationError

from shiftpress.core.adversarial import WORST
from shiftpress.core.catalog import UnknownKind, component
from shiftpress.core.explain import explain
from shiftpress.core.layers import Layers
from shiftpress.core.params import FAMILIES, RESERVED, Params
from shiftpress.core.problems import Problem, suggestion


def _section(layers: Layers, family: str) -> dict[str, Any]:
    section = layers.data.get(family)
    return section if isinstance(section, dict) else {}


def entry_problems(layers: Layers) -> list[Problem]:
    """Unknown kinds and wrong fields of every defined entry."""
    found = []
    for family in FAMILIES:
        for name, entry in _section(layers, family).items():
            if name in RESERVED:
                text = f"{name!r} is reserved: it stands for {RESERVED[name]}"
                found.append(layers.problem((family, name), text))
            if isinstance(entry, dict) and isinstance(entry.get("kind"), str):
                found += _field_problems(layers, family, name, entry)
    for name in _section(layers, "attacks"):
        if name in _section(layers, "shifts") or str(name).startswith(WORST):
            text = f"{name!r} is the name of a shift, or of all attacks together, in the same records; choose another"
            found.append(layers.problem(("attacks", name), text))
    return found


def _field_problems(layers: Layers, family: str, name: str, entry: dict) -> list[Problem]:
    try:
        kind = component(family, entry["kind"])
    except UnknownKind as error:
        return [layers.problem((family, name, "kind"), str(error))]
    except ImportError as error:  # an optional package is missing: it matters only if the study runs it
        if name not in _choice(layers, family):
            return []
        text = f"kind {entry['kind']!r} needs the package {error.name!r}; install it"
        return [layers.problem((family, name, "kind"), text)]
    try:
        kind(**{key: value for key, value in entry.items() if key != "kind"})
    except ValidationError as error:
        mistakes = explain(error, kind)
        return [layers.problem((family, name, *place), text) for place, text in mistakes]
    return []


def _choice(layers: Layers, family: str) -> list[Any]:
    choice = _section(layers, "study").get(family, "all")
    return choice if isinstance(choice, list) else list(_section(layers, family))


def study_problems(layers: Layers) -> list[Problem]:
    """Names in the study that no entry defines."""
    found = []
    for family in (*FAMILIES, "decks"):
        defined = list(_section(layers, family))
        for position, name in enumerate(_choice(layers, family)):
            if isinstance(name, str) and name not in defined:
                text = f"no entry {name!r} in {family}.{suggestion(name, defined)}"
                found.append(layers.problem(("study", family, position), text))
    return found


def phase_problems(params: Params, layers: Layers) -> list[Problem]:
    """Names, in lists of some of the study's datasets or shifts, of others."""
    found = []
    lists = {"codecs_on": "datasets", "cards_on": "datasets", "decks_under": "shifts", "compressed_under": "shifts"}
    for key, family in lists.items():
        choice, own = getattr(params.study, key), params.chosen(family)
        for position, name in enumerate([] if choice == "all" else choice):
            if name not in own:
                text = f"{name!r} is not in study.{family}.{suggestion(name, own)}"
                found.append(layers.problem(("study", key, position), text))
    return found
