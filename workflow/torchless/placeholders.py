"""Placeholders for names of torch, and the modules that have them."""

from abc import ABCMeta
from collections.abc import Sequence
from functools import cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, NoReturn

from torchless.process import importing, start_over

PACKAGES = ("torch", "torchvision", "compressai")
BINARY = (
    "add",
    "sub",
    "mul",
    "matmul",
    "truediv",
    "floordiv",
    "mod",
    "divmod",
    "pow",
    "and",
    "xor",
    "lshift",
    "rshift",
)
ASKING = [
    *(f"__{side}{name}__" for name in BINARY for side in ("", "r")),
    *(f"__{name}__" for name in ("neg", "pos", "abs", "invert", "round", "lt", "le", "gt", "ge", "str", "format")),
    *(f"__{name}__" for name in ("bool", "int", "float", "complex", "index", "len", "iter", "contains", "setitem")),
]


class Placeholder(ABCMeta):
    """A name of torch: a class to derive from, a decorator, the maker of one, a key, and a word in annotations."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if not stands(cls) or isinstance(cls, Answer):  # only torch could say what a class inherits from it
            start_over(f"{cls.__qualname__}.{name}")
        return placeholder(f"{cls.__qualname__}.{name}")

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        decorated = args[0] if len(args) == 1 and not kwargs and callable(args[0]) and not stands(args[0]) else None
        if not importing() or (isinstance(cls, Answer) and decorated is None):
            start_over(cls.__qualname__)
        return answer(f"{cls.__qualname__}()") if decorated is None else decorated

    def __getitem__(cls, parameters: Any) -> "Placeholder":
        return cls if importing() and not isinstance(cls, Answer) else start_over(cls.__qualname__)

    def __instancecheck__(cls, instance: Any) -> bool:
        return start_over(cls.__qualname__) if stands(instance) else super().__instancecheck__(instance)

    def __eq__(cls, other: object) -> bool:
        # two names may be of one dtype; classes, which unions compare, begin with a capital
        if cls is not other and stands(other) and not any(capital(each) for each in (cls, other)):
            start_over(cls.__qualname__)
        return cls is other

    __hash__ = ABCMeta.__hash__


class Answer(Placeholder):
    """What a call has given at import: the decorator that it made, or else a value that is not known."""

    def __eq__(cls, other: object) -> bool:
        start_over(cls.__qualname__)

    __hash__ = Placeholder.__hash__


def _asked(cls: Placeholder, *_: Any) -> NoReturn:
    start_over(cls.__qualname__)


for _name in ASKING:
    setattr(Placeholder, _name, _asked)


def stands(found: object) -> bool:
    """Whether this is a placeholder itself, and no class that is derived from one."""
    return isinstance(found, Placeholder) and found.__module__ == __name__


def capital(name: Placeholder) -> bool:
    return name.__qualname__.rpartition(".")[2][:1].isupper()


@cache
def placeholder(name: str) -> Placeholder:
    """That of a dotted name; the same one each time."""
    return Placeholder(name, (), {"__module__": __name__})


@cache
def answer(name: str) -> Answer:
    """What calls of that name give."""
    return Answer(name, (), {"__module__": __name__})


class Standing(ModuleType):
    """A module of torch, all of whose names are placeholders."""

    def __getattr__(self, name: str) -> Placeholder:
        if name == "__version__":
            start_over(f"{self.__name__}.{name}")
        if name.startswith("__"):
            raise AttributeError(name)
        return placeholder(f"{self.__name__}.{name}")


class Finder(MetaPathFinder, Loader):
    """Finds such a module where the packages have one."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name.partition(".")[0] not in PACKAGES:
            return None
        if not (real := PathFinder.find_spec(name, path)):
            return start_over(name) if path else None  # some modules are in no file; and a package may be missing
        spec = ModuleSpec(name, self, is_package=real.submodule_search_locations is not None)
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.extend(real.submodule_search_locations)
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Standing(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""
