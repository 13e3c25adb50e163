"""Kind -> component class: the module ``<family>/<kind>.py`` defines the component ``kind``."""

import importlib
import inspect
import pkgutil
from functools import cache

from shiftpress.core.component import Component
from shiftpress.core.problems import suggestion

PACKAGE = __name__.split(".")[0]


class UnknownKind(LookupError):
    """No file of the family has this name."""


def kinds(family: str) -> list[str]:
    """Kinds of a family, from its file names; imports none of them."""
    return list(_kinds(tuple(importlib.import_module(f"{PACKAGE}.{family}").__path__)))


@cache
def _kinds(folders: tuple[str, ...]) -> tuple[str, ...]:
    names = (module.name for module in pkgutil.iter_modules(folders))
    return tuple(sorted(name for name in names if name != "base" and not name.startswith("_")))


def module_of(family: str, kind: str) -> str:
    """Module that defines the kind."""
    return f"{PACKAGE}.{family}.{kind}"


@cache
def component(family: str, kind: str) -> type[Component]:
    """The one concrete component that the kind's module defines.

    Raises UnknownKind when there is no such file and TypeError when it defines none or several.
    """
    if kind not in kinds(family):
        raise UnknownKind(f"{family} has no kind {kind!r}.{suggestion(str(kind), kinds(family))}")
    module = importlib.import_module(module_of(family, kind))
    own = [
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, Component)
        and value.__module__ == module.__name__
        and not inspect.isabstract(value)
    ]
    if len(own) != 1:
        raise TypeError(f"{module.__name__} must define one component, not {len(own)}")
    return own[0]
