"""Damage of files, and what a reader may make of it: the file, whole, or one line of refusal, soon."""

import json
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from safetensors.numpy import save

from shiftpress.core.problems import InputError

LONGEST_S = 3.0
LONGEST_LINE = 500


def damaged(data: bytes, other: bytes, draw: np.random.Generator, head: int = 0) -> bytes:
    """One random damage: cut, flip, splice, insert, delete, overwrite, repeat, join, or replace everything.

    Half of it begins in the first ``head`` bytes: a header may be small beside what it describes.
    """
    out, size = bytearray(data), len(data)
    within = min(size, head) if head and draw.random() < 0.5 else size + 1
    a, b = sorted(draw.integers(0, within, 2).tolist())
    c = int(draw.integers(0, max(1, len(other))))
    match int(draw.integers(0, 11)):
        case 0:
            del out[a:]
        case 1:
            for bit in draw.integers(8 * min(a, size - 1), 8 * size, draw.integers(1, 9)).tolist() if size else []:
                out[bit // 8] ^= 1 << bit % 8
        case 2:
            out[a:b] = other[c : c + b - a]
        case 3:
            out[a:a] = draw.bytes(int(draw.integers(1, 64)))
        case 4:
            del out[a:b]
        case 5:
            out[a:b] = draw.bytes(b - a)
        case 6:
            out[a:b] = bytes([draw.choice([0, 255])]) * (b - a)
        case 7:
            out += out[a:b] or b"\0"
        case 8:
            out = bytearray(draw.bytes(int(draw.integers(0, 2 * size + 1))))
        case 9:
            out = bytearray(data[:a] + other[c:])
        case 10:
            out[a:b] = other[a:b]
    return bytes(out)


def refusal(read: Callable[[bytes], object], data: bytes) -> str | None:
    """Why a file is refused; None if it is read. Any exception but the one for bad input is a failure."""
    start = time.process_time()
    try:
        read(data)
    except InputError as error:
        said = str(error)
        assert said and "\n" not in said and len(said) < LONGEST_LINE, said
        return said
    finally:
        assert time.process_time() - start < LONGEST_S, "it takes too long"
    return None


@dataclass
class CardFiles:
    """Card files of one format, and how its readers are lied to."""

    files: dict[object, bytes]
    read: Callable[[bytes], object]
    """Reads a file and checks that what came out is whole."""
    facts: type
    keys: list[str]
    """Facts that are changed."""
    odd: list[object]
    """To such values."""
    head: int = 1200
    in_arrays: float = 0.6
    """Share of lies that stand in arrays."""
    in_fields: list[str] = field(default_factory=list)
    """Fields of the network that are changed too."""

    def broken(self, turn: int, draw: np.random.Generator) -> bytes:
        """A damaged file, its digest left wrong."""
        files = list(self.files.values())
        return damaged(files[turn % len(files)], files[int(draw.integers(len(files)))], draw, self.head)

    def is_right(self, data: bytes, said: str | None) -> bool:
        """Whether a damaged file was refused, or is one of the whole ones."""
        return said is not None or data in self.files.values()

    def lie(self, turn: int, draw: np.random.Generator) -> bytes:
        """A file with a right digest whose facts or arrays are not those of any card, most likely."""
        from shiftpress.packing import container

        names = list(self.files)
        facts, arrays = container.read(self.files[names[turn % len(names)]], self.facts)
        arrays, changed = {n: array.copy() for n, array in arrays.items()}, facts.model_dump()
        if draw.random() < self.in_arrays:
            _twist(arrays, str(draw.choice(list(arrays))), draw)
        else:
            value = self.odd[int(draw.integers(len(self.odd)))]
            if self.in_fields and draw.random() < 0.3:
                changed["fields"][str(draw.choice(self.in_fields))] = value
            else:
                changed[str(draw.choice(self.keys))] = value
        forged = facts.model_construct(**changed)
        with warnings.catch_warnings(action="ignore"):  # that values are of wrong types is the point
            told = changed | {"digest": container.digest(forged, arrays)}
        text = json.dumps(told, sort_keys=True, indent=1) + "\n"
        return save({n: np.ascontiguousarray(array) for n, array in arrays.items()}, {container.KEY: text})


def _twist(arrays: dict[str, np.ndarray], name: str, draw: np.random.Generator) -> None:
    array = arrays[name]
    match int(draw.integers(0, 6)):
        case 0 if array.size:
            raw = bytearray(array.tobytes())
            raw[int(draw.integers(len(raw)))] ^= 1 << int(draw.integers(8))
            arrays[name] = np.frombuffer(bytes(raw), array.dtype)
        case 1:
            arrays[name] = array[: int(draw.integers(0, array.size + 1))]
        case 2:
            arrays[name] = np.concatenate([array, array[-int(draw.integers(1, 9)) :]])
        case 3:
            arrays[name] = array.astype(str(draw.choice(["f8", "f4", "f2", "i8", "i4", "u1", "?"])))
        case 4:
            del arrays[name]
        case 5 if array.size:
            value = draw.choice([0, 1, 255, 1 << 62, -(1 << 62), np.nan, np.inf])
            with np.errstate(all="ignore"):
                array[int(draw.integers(array.size))] = np.array(value).astype(array.dtype)
