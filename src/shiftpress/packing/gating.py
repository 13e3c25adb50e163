"""A gate as Python source: its own methods and what they call, word for word, with its settings as plain values."""

import ast
import builtins
import inspect
import json
import textwrap
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any, Literal, get_args, get_origin

from shiftpress.core.catalog import PACKAGE, component
from shiftpress.core.problems import InputError
from shiftpress.core.tensors import State
from shiftpress.gates.base import Gate, Seen, blend

ENTRIES = ("look", "weights")
"""Methods that a deck calls."""
IMPORTED = {"Tensor", "torch", "F"}
"""Names that every exported module has."""

IMPORTS = {"dataclass": "from dataclasses import dataclass", "cache": "from functools import cache"}
"""Names that it has if the gate needs them."""

ALIASES = {Literal: "{} = str", dict: "{} = dict[str, Tensor]"}
"""What stands for our names of types, which nothing depends on when the module runs."""


@dataclass(frozen=True)
class Gating:
    """How the cards of a deck are weighed: a gate, what it keeps from training images, and each card's augmentation."""

    gate: Gate
    groups: tuple[str, ...]
    kept: State


def agnostic(count: int, average: str) -> Gating:
    """So many cards that count alike. Raises InputError if they cannot be averaged by this."""
    ways = get_args(Gate.model_fields["average"].annotation)
    if average not in ways:
        raise InputError(f"A deck averages {' or '.join(ways)}, not {average!r}.")
    return Gating(component("gates", "uniform")(average=average), ("any",) * count, {})


def gate_source(gate: Gate) -> tuple[list[str], str]:
    """Imports and definitions for a module: ``Seen``, ``blend``, what the gate calls, and a class ``Gate``.

    Raises InputError if nobody could run the gate outside a study: it asks for labels, or draws at random.
    """
    kind = type(gate)
    if gate.reads == "labels" or not gate.repeats:
        raise InputError(f"The gate {kind.title!r} is a bound or a control of studies; nobody can use it elsewhere.")
    methods = _methods(kind, list(ENTRIES))
    collected: dict[str, str] = {}
    for needed in (Seen, blend):
        _collect(needed, collected)
    for method in methods.values():
        _collect(method, collected, itself=False)
    used = {name for method in methods.values() for name in _attributes(method)}
    fields = {name: value for name, value in gate.model_dump().items() if name in used}
    lines = [f"{name} = {_plain(value)}" for name, value in fields.items()]
    head = "\n".join([f'"""{inspect.cleandoc(kind.__doc__)}\n"""', *([""] if lines else []), *lines])
    body = "\n\n".join(part.strip("\n") for part in (head, *map(_text, methods.values())))
    imports = [collected.pop(name) for name in IMPORTS if name in collected]
    whole = [*collected.values(), "class Gate:\n" + textwrap.indent(body, "    ")]
    return imports, "\n\n\n".join(part.strip("\n") for part in whole)


def _methods(kind: type, names: list[str]) -> dict[str, FunctionType]:
    """The methods and, in the order in which they are met, the other methods that they call."""
    found: dict[str, FunctionType] = {}
    while names:
        name = names.pop(0)
        method = inspect.getattr_static(kind, name, None)
        if isinstance(method, FunctionType) and name not in found:
            found[name] = method
            names += _attributes(method)
    return found


def _collect(item: Any, collected: dict[str, str], itself: bool = True) -> None:
    """Sources of a function or class and of everything of ours that it names, by name; what is needed stands first."""
    space, tree = vars(inspect.getmodule(item)), ast.parse(_text(item))
    collected |= {name: ALIASES[get_origin(space[name])].format(name) for name in _aliases(tree, space)}
    for name in _names(tree):
        value = space.get(name)
        if name in IMPORTED or value is item or (name not in space and hasattr(builtins, name)):
            continue
        if name in IMPORTS:
            _add(name, IMPORTS[name], collected)
        elif isinstance(value, int | float):
            _add(name, f"{name} = {_plain(value)}", collected)
        elif getattr(value, "__module__", "").startswith(f"{PACKAGE}.") and not isinstance(value, ModuleType):
            _collect(value, collected)
        else:
            raise InputError(f"The gate cannot be exported: it uses {name!r}.")
    if itself:
        _add(item.__name__, _text(item), collected)


def _add(name: str, text: str, collected: dict[str, str]) -> None:
    if collected.setdefault(name, text) != text:
        raise InputError(f"The gate cannot be exported: it uses two things by the name {name!r}.")


def _text(item: Any) -> str:
    return textwrap.dedent(inspect.getsource(item))


def _attributes(method: FunctionType) -> list[str]:
    """What a method takes from itself."""
    nodes = ast.walk(ast.parse(_text(method)))
    return [n.attr for n in nodes if isinstance(n, ast.Attribute) and getattr(n.value, "id", None) == "self"]


def _aliases(tree: ast.AST, space: dict[str, Any]) -> list[str]:
    """Names of ours for types of other packages, taken out of the tree with all annotations."""
    found = []
    for node in ast.walk(tree):
        for place in ("annotation", "returns"):
            if getattr(node, place, None) is not None:
                found += [n.id for n in ast.walk(getattr(node, place)) if isinstance(n, ast.Name)]
                setattr(node, place, None if place == "returns" else ast.Constant(None))
    return [name for name in dict.fromkeys(found) if get_origin(space.get(name)) in ALIASES]


def _names(tree: ast.AST) -> list[str]:
    """Names that are read when the code runs and that it does not make itself."""
    nodes = list(ast.walk(tree))
    own = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    own |= {n.arg for n in nodes if isinstance(n, ast.arg)} | {getattr(n, "name", "") for n in nodes}
    read = [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    return [name for name in dict.fromkeys(read) if name not in own]


def _plain(value: Any) -> str:
    """A setting as source. Settings are checked by the gate's fields; this makes sure that they are data."""
    if not isinstance(value, str | int | float | None):
        raise InputError(f"The gate cannot be exported: its setting {value!r:.60} is no plain value.")
    return json.dumps(value) if isinstance(value, str) else repr(value)
