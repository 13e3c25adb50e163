"""Between a codec's network and a stream: the sender collects symbols, the receiver is the network's source.

Networks see images in chunks. How many images there are must not show in what comes out, and does not as far as
``tests/coding`` can see; a decoder would get the same symbols anyway.
"""

import google_crc32c
import numpy as np
import torch
from torch import Tensor

from shiftpress.coding.container import Header, Part, Sections
from shiftpress.coding.packed import pack, unpack
from shiftpress.coding.ranked import models_of
from shiftpress.coding.tabled import TableReader, TableWriter
from shiftpress.coding.varints import read_escapes, write_escapes
from shiftpress.core.coding import Symbols, Tables, Uniform
from shiftpress.core.problems import InputError
from shiftpress.core.splits import Shape

MOST_CHUNK, CHUNK_VALUES = 64, 1 << 22


def chunk_size(shape: Shape) -> int:
    """Images that a network sees at once; part of the format, as symbols stand chunk after chunk."""
    return max(1, min(MOST_CHUNK, CHUNK_VALUES // (shape[0] * shape[1] * shape[2])))


class Sender:
    """Takes the parts of chunk after chunk, all of the same form."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.symbols_crc, self.count = 0, 0
        self._packed: list[list[np.ndarray]] = []
        self._tables = TableWriter()

    def put(self, symbols: list[Symbols], count: int) -> None:
        """Add the parts of a chunk of so many images."""
        parts = [Part(_levels(part), part.values.shape[1]) for part in symbols]
        self.parts = self.parts or parts
        self._packed = self._packed or [[] for _ in parts]
        for place, part in enumerate(symbols):
            values = part.values.cpu().numpy()
            if isinstance(part.alphabet, Uniform):
                self._packed[place].append(values)
            else:
                if values.dtype != np.int32:
                    raise TypeError("Integers that are coded by tables are int32.")
                models = models_of(part.alphabet)
                self._tables.put(models, values, models.grouping(_tables_of(part.rows, values.shape), count))
            self.symbols_crc = _extended(self.symbols_crc, values)
        self.count += count

    def sections(self) -> Sections:
        """The payload of everything that was put."""
        escaped = write_escapes(self._tables.escaped)
        runs = [
            (part.levels, np.concatenate(chunks).ravel())
            for part, chunks in zip(self.parts, self._packed, strict=True)
            if part.levels
        ]
        return Sections(pack(runs) if runs else b"", self._tables.coded(), escaped)


class Receiver:
    """A ``Source`` that gives the symbols of a stream, chunk after chunk, and checks them in the end."""

    def __init__(self, header: Header, sections: Sections):
        self.header, self._size = header, chunk_size(header.shape)
        layout = [(part.levels, part.symbols * header.count) for part in header.parts if part.levels]
        runs = iter(unpack(sections.packed, layout) if layout else [])
        if sections.packed and not layout:
            raise InputError("The stream has a packed part that nothing reads.")
        self._packed = [next(runs).reshape(header.count, -1) if part.levels else None for part in header.parts]
        self._tables = TableReader(sections.coded, read_escapes(sections.escaped))
        self._place, self._done, self._crc = 0, 0, 0

    @property
    def chunk(self) -> int:
        """Images of the chunk that is read; none after the last one."""
        return min(self._size, self.header.count - self._done)

    def take(self, alphabet: Uniform | Tables, shape: tuple[int, int], rows: Tensor | None = None) -> Tensor:
        """The next part of the chunk."""
        levels = alphabet.levels if isinstance(alphabet, Uniform) else 0
        parts = self.header.parts
        if self._place == len(parts) or (self.chunk, parts[self._place]) != (shape[0], Part(levels, shape[1])):
            raise InputError("The stream has other parts than this model reads.")
        if levels:
            values = self._packed[self._place][self._done : self._done + self.chunk]
        else:
            models = models_of(alphabet)
            values = self._tables.take(models, models.grouping(_tables_of(rows, shape), self.chunk))
        self._crc = _extended(self._crc, values)
        self._place += 1
        return torch.from_numpy(values)

    def next_chunk(self) -> None:
        """End a chunk."""
        if self._place != len(self.header.parts):
            raise InputError("The stream has more parts than this model reads.")
        self._place, self._done = 0, self._done + self.chunk

    def finish(self) -> None:
        """Raises InputError unless all symbols were read and they are the ones that were sent."""
        self._tables.finish()
        if self._crc != self.header.symbols_crc:
            raise InputError("The stream is damaged: the checksum of its symbols differs.")


def _tables_of(rows: Tensor | None, shape: tuple[int, int]) -> np.ndarray:
    """Which table each of the symbols (N, n) has: (N, n), or (1, n) where it is the same for every image."""
    if rows is None:
        return np.zeros((1, shape[1]), np.int64)
    return (rows[:1] if rows.stride(0) == 0 else rows).cpu().numpy()


def _levels(symbols: Symbols) -> int:
    return symbols.alphabet.levels if isinstance(symbols.alphabet, Uniform) else 0


def _extended(crc: int, values: np.ndarray) -> int:
    """The running checksum, over symbols as 32-bit integers in the order of images."""
    return google_crc32c.extend(crc, np.ascontiguousarray(values, "<i4"))
