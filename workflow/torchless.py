"""Planning without torch, whose import takes as long as the rest of a plan.

A plan asks components for their fields and for what they say of themselves, and has them calculate nothing. But the
file of a component imports torch to derive from its classes and to decorate with its functions. Here names of torch
are placeholders, which can do that. Whoever wants more of one (a number, a truth, a function's answer once the imports
are through) has a right to it: then this process starts over with torch itself, as if it had been here from the start.
"""

import os
import sys
from abc import ABCMeta
from collections.abc import Sequence
from functools import cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

PACKAGES = ("torch", "torchvision", "compressai")
INSISTED = "SHIFTPRESS_PLAN_WITH_TORCH"
"""Set in the environment of a process that has started over."""
IMPORTING = "<frozen importlib._bootstrap>"
BINARY = ("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "divmod", "pow", "and", "xor")
ARITHMETIC = [
    *(f"__{side}{name}__" for name in BINARY for side in ("", "r")),
    *(f"__{name}__" for name in ("neg", "pos", "abs", "invert", "round", "lt", "le", "gt", "ge")),
    *(f"__{name}__" for name in ("bool", "int", "float", "complex", "index", "len", "iter", "contains")),
    *(f"__{name}__" for name in ("setitem", "enter", "exit")),
]


class Placeholder(ABCMeta):
    """A name of torch: a class to derive from, a decorator, the maker of one, and a word in annotations."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if not isinstance(vars(cls).get("stands_for"), str):  # derived: only torch could say whether it inherits this
            start_over(f"{cls.__qualname__}.{name}")
        return placeholder(f"{cls.stands_for}.{name}")

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if not importing():
            start_over(cls.__qualname__)
        # a decorator, or the maker of one
        decorates = len(args) == 1 and not kwargs and callable(args[0]) and not isinstance(args[0], Placeholder)
        return args[0] if decorates else cls

    def __getitem__(cls, parameters: Any) -> "Placeholder":
        return cls if importing() else start_over(cls.__qualname__)


def _asked(cls: Placeholder, *_: Any) -> NoReturn:
    start_over(cls.__qualname__)


for _name in ARITHMETIC:
    setattr(Placeholder, _name, _asked)


@cache
def placeholder(name: str) -> Placeholder:
    """That of a dotted name; the same one each time."""
    return Placeholder(name, (), {"stands_for": name, "__module__": __name__})


class Standing(ModuleType):
    """A module of torch, all of whose names are placeholders."""

    def __getattr__(self, name: str) -> Placeholder:
        if name == "__version__":
            start_over(f"{self.__name__}.{name}")
        if name.startswith("__"):
            raise AttributeError(name)
        return placeholder(f"{self.__name__}.{name}")


class Finder(MetaPathFinder, Loader):
    """Finds such a module for every one of the packages."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] in PACKAGES else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Standing(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""


def plan_without_torch() -> None:
    """From now on imports of torch give placeholders, unless it is here already, or was insisted on.

    Nor do they where a process could not start over, because the folder that it was started in is not known.
    """
    folder = os.environ.get("PWD")
    known = folder and os.path.realpath(folder) == os.path.realpath(os.getcwd())
    if known and INSISTED not in os.environ and not any(name in sys.modules for name in PACKAGES):
        sys.meta_path.insert(0, Finder())


def without_torch() -> bool:
    """Whether there are placeholders in this process, which may be why something failed."""
    return any(isinstance(finder, Finder) for finder in sys.meta_path)


def start_over(wanted: str) -> NoReturn:
    """Begin this process anew, with torch; what it has begun ends as if it had been killed."""
    print(f"Planning needs torch ({wanted}) and starts over with it.", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os.environ[INSISTED] = "1"
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def importing() -> bool:
    """Whether a module is being imported, in whose course this was called."""
    frame = sys._getframe()
    while frame and frame.f_code.co_filename != IMPORTING:
        frame = frame.f_back
    return frame is not None
