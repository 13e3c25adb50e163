"""What the code of images takes on disk."""

from dataclasses import dataclass

import torch
from torch import Tensor

from shiftpress.coding.codec import chunks, known, stream
from shiftpress.coding.container import read
from shiftpress.coding.each import senders
from shiftpress.coding.parts import Receiver, Sender
from shiftpress.core.codecnet import FULL, CodecNet
from shiftpress.core.coding import Symbols

NO_MODEL = bytes(16)


@dataclass(frozen=True)
class Sizes:
    """Bits per image, headers and all: in one stream that holds all images, and in a stream for each."""

    together: float
    alone: float


@torch.no_grad()
def sizes(net: CodecNet, images: Tensor, stage: str = FULL, kind: str = "unnamed") -> Sizes:
    """What streams of these images (N, C, H, W) in [0, 1] take.

    The one that holds all images is read again, and its symbols compared with those sent.
    """
    net, shape = net.to(memory_format=torch.channels_last), tuple(images.shape[1:])
    known(net, stage)
    sender, sent, alone = Sender(), [], 0
    for chunk in chunks(images, shape):
        parts = list(net.encode(chunk, stage))
        sender.put(parts, len(chunk))
        sent.append(parts)
        alone += sum(len(stream(lone, kind, stage, NO_MODEL, shape)) for lone in senders(parts, len(chunk)))
    data = stream(sender, kind, stage, NO_MODEL, shape)
    _compare(Receiver(*read(data)), sent)
    return Sizes(8 * len(data) / len(images), 8 * alone / len(images))


def _compare(receiver: Receiver, sent: list[list[Symbols]]) -> None:
    """Raises AssertionError unless a stream gives back what was sent."""
    for parts in sent:
        for part in parts:
            taken = receiver.take(part.alphabet, tuple(part.values.shape), part.rows)
            if not torch.equal(taken, part.values.cpu()):
                raise AssertionError("symbols were read other than they were written")
        receiver.next_chunk()
    receiver.finish()
