"""Between a codec's network and a stream: the sender collects symbols, the receiver is the network's source.

Networks see chunks of a fixed number of images, the last one filled up, so that an image comes out the same whatever
else is in the file; what fills up is not sent.
"""

import google_crc32c
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from shiftpress.coding.container import Header, Part, Sections
from shiftpress.coding.packed import pack, unpack
from shiftpress.coding.ranked import Models, models_of
from shiftpress.coding.tabled import TableReader, TableWriter
from shiftpress.coding.varints import read_escapes, write_escapes
from shiftpress.core.coding import Symbols, Tables, Uniform
from shiftpress.core.problems import InputError
from shiftpress.core.splits import Shape

MOST_CHUNK, CHUNK_VALUES = 64, 1 << 22


def chunk_size(shape: Shape) -> int:
    """Images that a network sees at once; part of the format, as rounding inside a network may depend on it."""
    return max(1, min(MOST_CHUNK, CHUNK_VALUES // (shape[0] * shape[1] * shape[2])))


class _ModelCache:
    """Models of tables by the tensor of their counts."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[Tensor, Models]] = {}

    def of(self, tables: Tables) -> Models:
        key = id(tables.counts)
        if key not in self._made:
            self._made[key] = (tables.counts, models_of(tables))  # the tensor is kept so that its id stays its own
        return self._made[key][1]


class Sender:
    """Takes the parts of chunk after chunk, all of the same form.

    Another sender of the same codec lends the models it has made of the tables.
    """

    def __init__(self, like: "Sender | None" = None) -> None:
        self.parts: list[Part] = []
        self.symbols_crc, self.count = 0, 0
        self._packed: list[list[np.ndarray]] = []
        self._models, self._tables = like._models if like else _ModelCache(), TableWriter()

    def put(self, symbols: list[Symbols], real: int) -> None:
        """Add the parts of a chunk, of which the first so many images are real."""
        parts = [Part(_levels(part), part.values.shape[1]) for part in symbols]
        self.parts = self.parts or parts
        self._packed = self._packed or [[] for _ in parts]
        for place, part in enumerate(symbols):
            values = part.values[:real].cpu()
            if isinstance(part.alphabet, Uniform):
                self._packed[place].append(values.numpy())
            else:
                if values.dtype != torch.int32:
                    raise TypeError("Integers that are coded by tables are int32.")
                models = self._models.of(part.alphabet)
                self._tables.put(models, values, models.grouping(_tables_of(part.rows, values.shape), real))
            self.symbols_crc = _extended(self.symbols_crc, values)
        self.count += real

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
    """A ``Source`` that gives the symbols of a stream, chunk after chunk, and checks them in the end.

    Another receiver of the same codec lends the models it has made of the tables.
    """

    def __init__(self, header: Header, sections: Sections, like: "Receiver | None" = None):
        self.header, self.chunk = header, chunk_size(header.shape)
        layout = [(part.levels, part.symbols * header.count) for part in header.parts if part.levels]
        runs = iter(unpack(sections.packed, layout) if layout else [])
        if sections.packed and not layout:
            raise InputError("The stream has a packed part that nothing reads.")
        self._packed = [next(runs).reshape(header.count, -1) if part.levels else None for part in header.parts]
        self._models = like._models if like else _ModelCache()
        self._tables = TableReader(sections.coded, read_escapes(sections.escaped))
        self._place, self._done, self._crc = 0, 0, 0

    def take(self, alphabet: Uniform | Tables, shape: tuple[int, int], rows: Tensor | None = None) -> Tensor:
        """The next part of the chunk; images that only fill it up get zeros."""
        if shape[0] != self.chunk:
            raise InputError("The stream has other parts than this model reads.")
        return filled_up(self.values(alphabet, shape[1], rows), self.chunk)

    def values(self, alphabet: Uniform | Tables, symbols: int, rows: Tensor | None = None) -> Tensor:
        """The next part of the images of the chunk that are real, (n, symbols)."""
        levels = alphabet.levels if isinstance(alphabet, Uniform) else 0
        parts = self.header.parts
        if self._place == len(parts) or parts[self._place] != Part(levels, symbols):
            raise InputError("The stream has other parts than this model reads.")
        real = min(self.chunk, self.header.count - self._done)
        if levels:
            values = torch.from_numpy(self._packed[self._place][self._done : self._done + real])
        else:
            models = self._models.of(alphabet)
            values = self._tables.take(models, models.grouping(_tables_of(rows, (real, symbols)), real))
        self._crc = _extended(self._crc, values)
        self._place += 1
        return values

    def next_chunk(self) -> int:
        """End a chunk; how many of its images are real."""
        if self._place != len(self.header.parts):
            raise InputError("The stream has more parts than this model reads.")
        real = min(self.chunk, self.header.count - self._done)
        self._place, self._done = 0, self._done + real
        return real

    def finish(self) -> None:
        """Raises InputError unless all symbols were read and they are the ones that were sent."""
        self._tables.finish()
        if self._crc != self.header.symbols_crc:
            raise InputError("The stream is damaged: the checksum of its symbols differs.")


def filled_up(values: Tensor, count: int) -> Tensor:
    """Symbols of the images that are real, and zeros for those that only fill up the chunk."""
    missing = count - len(values)
    return F.pad(values, (0, 0, 0, missing)) if missing else values


def _tables_of(rows: Tensor | None, shape: tuple[int, int]) -> Tensor:
    """Which table each of the symbols (N, n) has: (N, n), or (1, n) where it is the same for every image."""
    if rows is None:
        return torch.zeros((1, shape[1]), dtype=torch.int64)
    return rows[: 1 if rows.stride(0) == 0 else shape[0]].cpu()


def _levels(symbols: Symbols) -> int:
    return symbols.alphabet.levels if isinstance(symbols.alphabet, Uniform) else 0


def _extended(crc: int, values: Tensor) -> int:
    """The running checksum, over symbols as 32-bit integers in the order of images."""
    return google_crc32c.extend(crc, np.ascontiguousarray(values.numpy(), "<i4"))
