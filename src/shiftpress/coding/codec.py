"""Images to streams and back, with one codec."""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from shiftpress.coding.container import Header, read, write
from shiftpress.coding.model import Model
from shiftpress.coding.parts import Receiver, Sender, chunk_size
from shiftpress.core.codecnet import FULL, CodecNet
from shiftpress.core.problems import InputError, suggestion
from shiftpress.core.splits import Shape

Step = Callable[[], None]


@torch.no_grad()
def encode(model: Model, images: Tensor, stage: str = FULL, step: Step = lambda: None) -> bytes:
    """The stream of images (N, C, H, W) uint8; ``step`` is called after each chunk. Raises InputError."""
    checked(model, images, stage)
    sender = Sender()
    for chunk in chunks(images, model.shape):
        sender.put(list(model.net.encode(chunk, stage)), len(chunk))
        step()
    return stream(sender, model.kind, stage, model.digest, model.shape)


@torch.no_grad()
def decode(model: Model, data: bytes, step: Step = lambda: None) -> Tensor:
    """The images (N, C, H, W) uint8 of a stream. Raises InputError if it is damaged or of another model."""
    header, sections = read(data)
    model.owns(header)
    known(model.net, header.stage)
    receiver, found = Receiver(header, sections), torch.empty((header.count, *header.shape), dtype=torch.uint8)
    for place in found.split(chunk_size(header.shape)):
        place.copy_(levels_of(model.net.decode(receiver, len(place), header.stage)))
        receiver.next_chunk()
        step()
    receiver.finish()
    return found


@torch.no_grad()
def reconstruct(model: Model, images: Tensor, stage: str = FULL) -> Tensor:
    """What the decoder must give back, from the network's forward pass: (N, C, H, W) uint8."""
    known(model.net, stage)
    return torch.cat([levels_of(model.net(chunk, stage).images) for chunk in chunks(images, model.shape)])


def checked(model: Model, images: Tensor, stage: str) -> None:
    """Raises InputError unless the model codes such images and has the stage."""
    if tuple(images.shape[1:]) != model.shape or images.dtype != torch.uint8 or not len(images):
        raise InputError(f"The model codes 8-bit images of shape {model.shape}, not {tuple(images.shape[1:])}.")
    known(model.net, stage)


def known(net: CodecNet, stage: str) -> None:
    """Raises InputError unless the codec has the stage."""
    if stage not in net.stages:
        raise InputError(f"The codec has no stage {stage!r}.{suggestion(stage, list(net.stages))}")


def levels_of(images: Tensor) -> Tensor:
    """Images in [0, 1] as uint8. Raises InputError where a network gives no numbers."""
    if not math.isfinite(images.sum()):
        raise InputError("The model gives pixels that are no numbers; its weights are damaged.")
    return (images * 255).round_().clamp_(0, 255).to(torch.uint8)


def stream(sender: Sender, kind: str, stage: str, model: bytes, shape: Shape) -> bytes:
    """The file of everything that was put into a sender."""
    header = Header(kind, stage, model, shape, sender.count, tuple(sender.parts), sender.symbols_crc)
    return write(header, sender.sections())


def chunks(images: Tensor, shape: Shape) -> Iterator[Tensor]:
    """The images in [0, 1], as many at a time as a network sees at once."""
    size = chunk_size(shape)
    for rows in images.split(size) if len(images) > size else [images]:
        chunk = rows.to(torch.float32, memory_format=torch.channels_last)
        yield chunk.div_(255) if rows.dtype == torch.uint8 else chunk
