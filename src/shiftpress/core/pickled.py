"""The only reader of pickled bytes: plain values and arrays out of them, and nothing is ever run.

Pickles are programs, and the files of CIFAR and of PyTorch are or hold pickles. So this is no unpickler with a lock on
it but a small machine of our own for the dozen instructions those files use. Which global names it knows depends on
the kind of file, and what they stand for is inert: a description of an array, checked before it becomes one. Every
other instruction or name ends the reading.
"""

import pickletools
import reprlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from shiftpress.core.problems import InputError

MAX_STEPS = 1_000_000
MOST_SIDES = 8
"""Of an array. The product of a million sides would take for ever."""

SCALARS = {
    *("NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
    *("SHORT_BINSTRING", "BINSTRING", "BINUNICODE", "SHORT_BINUNICODE", "BINBYTES", "SHORT_BINBYTES"),
}
EMPTY = {"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_TUPLE": tuple}
IGNORED = {"PROTO", "FRAME"}
_WORDS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring = 2, 60


@dataclass
class Stored:
    """Stands for a numpy array that is still empty."""

    data: np.ndarray | None = None


@dataclass
class Named:
    """Stands for a global name that may be called; calling it is a branch below."""

    name: str


def run(machine: "Machine", data: bytes, where: str) -> Any:
    """What a machine makes of pickled bytes; ``where`` names the file in messages.

    Raises InputError for bytes that are damaged, that hold anything it does not know, or that ask for a call.
    """
    try:
        for count, (instruction, argument, _) in enumerate(pickletools.genops(data)):
            if count > MAX_STEPS:
                raise InputError(f"more than {MAX_STEPS:,} instructions")
            if instruction.name == "STOP":
                (value,) = machine.stack
                return _finished(value, {})
            machine.do(instruction.name, argument)
    except InputError as error:
        raise InputError(f"{where}: refused: {error}") from None
    except Exception as error:  # damaged instructions fail in many ways, and none of them matters
        raise InputError(f"{where}: damaged: {type(error).__name__}") from None
    raise InputError(f"{where}: damaged: it has no end")


@dataclass
class Machine(ABC):
    """A stack of plain values, the places on it where lists of items begin, and a memory of values by number."""

    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memory: dict[int, Any] = field(default_factory=dict)

    names: ClassVar[dict[str, Named]]
    """Global names that may be called, and what stands for them."""

    @abstractmethod
    def called(self, name: str, arguments: tuple) -> Any:
        """What a call of a known name gives, as an inert description."""

    @abstractmethod
    def filled(self, target: Any, state: Any) -> None:
        """What a description is told about itself."""

    def elsewhere(self, place: Any) -> Any:
        """What stands outside the pickled bytes."""
        raise InputError(f"it refers to {shown(place)}, which is not in it")

    def do(self, name: str, argument: Any) -> None:
        """One instruction."""
        if name in SCALARS:
            self.stack.append(_WORDS.get(name, argument))
        elif name in EMPTY:
            self.stack.append(EMPTY[name]())
        elif name == "MARK":
            self.marks.append(len(self.stack))
        elif name in ("BINPUT", "LONG_BINPUT"):
            self.memory[argument] = self.stack[-1]
        elif name == "MEMOIZE":
            self.memory[len(self.memory)] = self.stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            self.stack.append(self.memory[argument])
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            count = int(name[-1])
            self.stack[-count:] = [tuple(self.stack[-count:])]
        elif name == "TUPLE":
            self.stack.append(tuple(self._since_mark()))
        elif name in ("APPEND", "APPENDS"):
            items = self._since_mark() if name == "APPENDS" else [self.stack.pop()]
            expect(self.stack[-1], list).extend(items)
        elif name in ("SETITEM", "SETITEMS"):
            items = self._since_mark() if name == "SETITEMS" else [self.stack.pop() for _ in "kv"][::-1]
            keys = [_expect_key(key) for key in items[::2]]
            expect(self.stack[-1], dict).update(zip(keys, items[1::2], strict=True))
        elif name == "GLOBAL":
            if argument not in self.names:
                raise InputError(f"it names {shown(argument)}, which no file of this kind needs")
            self.stack.append(self.names[argument])
        elif name == "REDUCE":
            arguments = expect(self.stack.pop(), tuple)
            self.stack.append(self.called(expect(self.stack.pop(), Named).name, arguments))
        elif name == "BUILD":
            state = self.stack.pop()
            self.filled(self.stack[-1], state)
        elif name == "BINPERSID":
            self.stack.append(self.elsewhere(self.stack.pop()))
        elif name not in IGNORED:
            raise InputError(f"it has the instruction {name}, which no file of this kind needs")

    def _since_mark(self) -> list[Any]:
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items


def shown(value: Any) -> str:
    """A value in a few words; one that doubles at each of thirty steps would be written out for ever."""
    return f"{_SHORT.repr(value):.80}"


def expect(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise InputError(f"it uses a {type(value).__name__.strip('_')} as a {kind.__name__.strip('_')}")
    return value


def _finished(value: Any, done: dict[int, Any]) -> Any:
    """The value with real arrays in it. A list that stands in many places is copied once: some double at each step."""
    if isinstance(value, (str, bytes, int, float, type(None))):
        return value
    if id(value) not in done:
        done[id(value)] = None
        if isinstance(value, (list, tuple)):
            done[id(value)] = type(value)(_finished(item, done) for item in value)
        elif isinstance(value, dict):
            done[id(value)] = {key: _finished(item, done) for key, item in value.items()}
        elif isinstance(value, Stored) and value.data is not None:
            done[id(value)] = value.data
    if done[id(value)] is None:
        raise InputError("it holds a value that is incomplete, or that holds itself")
    return done[id(value)]


def _expect_key(key: Any) -> str | int:
    """A key, as the word it is; Python 2 wrote its words as bytes. Numbers stay numbers.

    Asked before anything looks a key up: tuples of tuples that double at each step are hashed for ever.
    """
    if type(key) is int:
        return key
    return key.decode() if isinstance(key, bytes) else expect(key, str)
