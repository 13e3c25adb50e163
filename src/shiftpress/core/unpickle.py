"""The only reader of pickled files: arrays, lists and words out of them, and nothing is ever run.

Pickles are programs, and the published CIFAR batches are pickles. So this is no unpickler with a lock on it but a
small machine of our own for the dozen instructions those files use. It knows five global names, all of numpy's way to
write an array, and what they stand for here is inert: a description of an array, checked before it becomes one. Every
other instruction or name ends the reading.
"""

import math
import pickletools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from shiftpress.core.problems import InputError

MAX_STEPS = 1_000_000
MAX_ARRAY_BYTES = 1_000_000_000

DATA_TYPES = {"u1": np.uint8, "i8": np.int64, "i4": np.int32}
SCALARS = {
    *("NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
    *("SHORT_BINSTRING", "BINSTRING", "BINUNICODE", "SHORT_BINUNICODE", "BINBYTES", "SHORT_BINBYTES"),
}
EMPTY = {"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_TUPLE": tuple}
IGNORED = {"PROTO", "FRAME"}
_WORDS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}


@dataclass
class _DataType:
    """Stands for a numpy dtype of one byte order or none."""

    code: str


@dataclass
class _Array:
    """Stands for a numpy array that is still empty."""

    data: np.ndarray | None = None


@dataclass
class _Name:
    """Stands for a global name that may be called; calling it is a branch below."""

    name: str


NAMES = {
    "numpy.core.multiarray _reconstruct": _Name("reconstruct"),
    "numpy._core.multiarray _reconstruct": _Name("reconstruct"),
    "numpy ndarray": _Name("ndarray"),
    "numpy dtype": _Name("dtype"),
    "_codecs encode": _Name("encode"),
}


def read_pickled(data: bytes, where: str) -> Any:
    """What a pickled file of plain values and 8-bit or integer arrays holds.

    ``where`` names the file in messages. Raises InputError for a file that is damaged, that holds anything else, or
    that asks for a call.
    """
    machine = _Machine()
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
class _Machine:
    """A stack of plain values, the places on it where lists of items begin, and a memory of values by number."""

    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memory: dict[int, Any] = field(default_factory=dict)

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
            _expect(self.stack[-1], list).extend(items)
        elif name in ("SETITEM", "SETITEMS"):
            items = self._since_mark() if name == "SETITEMS" else [self.stack.pop() for _ in "kv"][::-1]
            _expect(self.stack[-1], dict).update(zip(items[::2], items[1::2], strict=True))
        elif name == "GLOBAL":
            if argument not in NAMES:
                raise InputError(f"it names {argument!r}, which no image file needs")
            self.stack.append(NAMES[argument])
        elif name == "REDUCE":
            arguments = _expect(self.stack.pop(), tuple)
            self.stack.append(_called(_expect(self.stack.pop(), _Name).name, arguments))
        elif name == "BUILD":
            state = _expect(self.stack.pop(), tuple)
            _filled(self.stack[-1], state)
        elif name not in IGNORED:
            raise InputError(f"it has the instruction {name}, which no image file needs")

    def _since_mark(self) -> list[Any]:
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items


def _expect(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise InputError(f"it uses a {type(value).__name__.strip('_')} as a {kind.__name__.strip('_')}")
    return value


def _called(name: str, arguments: tuple) -> Any:
    """What numpy's own functions would return, as an inert description."""
    if name == "encode" and len(arguments) == 2 and arguments[1] == "latin1":  # how Python 3 writes bytes for Python 2
        return _expect(arguments[0], str).encode("latin-1")
    if name == "reconstruct" and isinstance(arguments[0], _Name) and arguments[0].name == "ndarray":
        return _Array()
    if name == "dtype" and arguments[0] in DATA_TYPES:
        return _DataType(arguments[0])
    raise InputError(f"it calls {name} with {arguments!r:.80}")


def _filled(target: Any, state: tuple) -> None:
    """What a new array or dtype is told about itself."""
    if isinstance(target, _DataType):
        if state[1] not in ("|", "<"):
            raise InputError(f"it has numbers in byte order {state[1]!r}")
        return
    array = _expect(target, _Array)
    _, shape, dtype, in_columns, content = state
    dtype = np.dtype(DATA_TYPES[_expect(dtype, _DataType).code])
    content = content.encode("latin-1") if isinstance(content, str) else _expect(content, bytes)
    if not all(type(side) is int and side >= 0 for side in _expect(shape, tuple)):
        raise InputError(f"it has an array of shape {shape!r:.80}")
    size = math.prod(shape) * dtype.itemsize
    if size != len(content) or size > MAX_ARRAY_BYTES:
        raise InputError(f"it has an array of {size:,} bytes in {len(content):,}")
    array.data = np.frombuffer(content, dtype).reshape(shape, order="F" if in_columns else "C")


def _finished(value: Any, done: dict[int, Any]) -> Any:
    """The value with real arrays in it. A list that stands in many places is copied once: some double at each step."""
    if isinstance(value, (str, bytes, int, float, type(None))):
        return value
    if id(value) not in done:
        done[id(value)] = None
        if isinstance(value, (list, tuple)):
            done[id(value)] = type(value)(_finished(item, done) for item in value)
        elif isinstance(value, dict):
            done[id(value)] = {_expect_word(key): _finished(item, done) for key, item in value.items()}
        elif isinstance(value, _Array) and value.data is not None:
            done[id(value)] = value.data
    if done[id(value)] is None:
        raise InputError("it holds a value that is incomplete, or that holds itself")
    return done[id(value)]


def _expect_word(key: Any) -> str:
    """A key, as the word it is; Python 2 wrote its words as bytes."""
    return key.decode() if isinstance(key, bytes) else _expect(key, str)
