"""Streams of one image each, many at once: the network sees them in whole chunks, so a lone image costs no more.

What comes out is the same to the last byte as coding each image by itself.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from shiftpress.coding.codec import Step, checked, chunks, known, levels_of, stream
from shiftpress.coding.container import read
from shiftpress.coding.model import Model
from shiftpress.coding.parts import Receiver, Sender, chunk_size
from shiftpress.core.codecnet import FULL
from shiftpress.core.coding import Symbols, Tables, Uniform
from shiftpress.core.problems import InputError


@torch.no_grad()
def encode_each(model: Model, images: Tensor, stage: str = FULL, step: Step = lambda: None) -> Iterator[bytes]:
    """A stream for each of the images (N, C, H, W) uint8. Raises InputError."""
    checked(model, images, stage)
    for chunk in chunks(images, model.shape):
        for sender in senders(list(model.net.encode(chunk, stage)), len(chunk)):
            yield stream(sender, model.kind, stage, model.digest, model.shape)
        step()


@torch.no_grad()
def decode_each(model: Model, files: Sequence[bytes], step: Step = lambda: None) -> Tensor:
    """The images (N, C, H, W) uint8 of streams with one image each, all of one stage.

    Raises InputError, which names no file: read them one by one to find the damaged one.
    """
    size, first = chunk_size(model.shape), read(files[0])[0]
    known(model.net, first.stage)
    found = torch.empty((len(files), *model.shape), dtype=torch.uint8)
    for start in range(0, len(files), size):
        several = _Several(model, files[start : start + size], first.stage)
        images = levels_of(model.net.decode(several, len(several.receivers), first.stage))
        several.finish()
        found[start : start + len(images)] = images
        step()
    return found


def senders(parts: list[Symbols], count: int) -> Iterator[Sender]:
    """A sender for each image of a chunk."""
    for row in range(count):
        sender = Sender()
        sender.put([rows_of(part, slice(row, row + 1)) for part in parts], 1)
        yield sender


def rows_of(part: Symbols, rows: slice) -> Symbols:
    """The symbols of some images."""
    return Symbols(part.values[rows], part.alphabet, part.rows if part.rows is None else part.rows[rows])


class _Several:
    """A ``Source`` whose images come from streams of their own."""

    def __init__(self, model: Model, files: Sequence[bytes], stage: str):
        self.receivers: list[Receiver] = []
        for data in files:
            header, sections = read(data)
            model.owns(header)
            if header.count != 1 or header.stage != stage:
                raise InputError("The streams do not have one image each, all of one stage; decode them one by one.")
            self.receivers.append(Receiver(header, sections))

    def take(self, alphabet: Uniform | Tables, shape: tuple[int, int], rows: Tensor | None = None) -> Tensor:
        taken = []
        for row, receiver in enumerate(self.receivers):
            own = rows if rows is None else rows[row : row + 1]
            taken.append(receiver.take(alphabet, (1, shape[1]), own))
        return torch.cat(taken)

    def finish(self) -> None:
        """Raises InputError unless all streams were read to their ends."""
        for receiver in self.receivers:
            receiver.next_chunk()
            receiver.finish()
