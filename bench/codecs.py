"""Speed of streams beside CompressAI's compress() and decompress(), on the same factorized-prior network.

``python bench/codecs.py [--json FILE]`` prints images per second, CPU time of one thread, medians over repeats in which
ours and the peer's take turns. Ours is the whole path from 8-bit images to the bytes of a checked file and back; the
peer's is its own model class with our trained transforms and bottleneck, from floats to strings without header or
checksum. The limit is what the networks alone take.
"""

import time
import warnings
from collections.abc import Callable
from copy import deepcopy
from statistics import median

import torch
from table import Row, finish, in_turns, options, row

warnings.filterwarnings("ignore", category=FutureWarning)

from compressai.models import FactorizedPrior  # noqa: E402
from torch import Tensor  # noqa: E402
from trained_codecs import digits, train  # noqa: E402

from shiftpress.coding import codec  # noqa: E402
from shiftpress.coding.container import read  # noqa: E402
from shiftpress.coding.each import decode_each, encode_each  # noqa: E402
from shiftpress.coding.model import Model  # noqa: E402
from shiftpress.coding.parts import Receiver, Sender, chunk_size  # noqa: E402
from shiftpress.core.codecnet import FULL  # noqa: E402

REPEATS = 7
LONE = 32
"""Images of the loop over single images."""
LOOP = "one stream, peer's loop over images"
LONELY = "a call for each, peer's loop"
LEAST = {(LOOP, "encode"): 4.5, (LOOP, "decode"): 3.0, (LONELY, "encode"): 0.9, (LONELY, "decode"): 0.9}
"""A call for an image is to be no slower than the peer's, but for a margin."""
CODER = {"encode": 8.0, "decode": 5.0}


class Peer:
    """CompressAI's factorized prior with our weights, fed batches of a size."""

    def __init__(self, model: Model, batch: int):
        net, self.batch = model.net, batch
        self.model = FactorizedPrior(1, 1)
        self.model.g_a, self.model.g_s = deepcopy(net.analysis), deepcopy(net.synthesis)
        self.model.entropy_bottleneck = deepcopy(net.bottleneck.model)
        self.model.eval().update(force=True)

    def encode(self, images: Tensor) -> list[dict]:
        return [self.model.compress(x) for x in images.split(self.batch)]

    def decode(self, sent: list[dict]) -> Tensor:
        return torch.cat([self.model.decompress(part["strings"], part["shape"])["x_hat"] for part in sent])


class Ours:
    """Streams of so many images each."""

    def __init__(self, model: Model, batch: int):
        self.model, self.batch = model, batch

    def encode(self, images: Tensor) -> list[bytes]:
        return [codec.encode(self.model, x) for x in images.split(self.batch)]

    def decode(self, sent: list[bytes]) -> Tensor:
        return torch.cat([codec.decode(self.model, data) for data in sent])


class Each(Ours):
    """A file for each image, as ``shiftpress codec encode --each`` writes them."""

    def encode(self, images: Tensor) -> list[bytes]:
        return list(encode_each(self.model, images))

    def decode(self, sent: list[bytes]) -> Tensor:
        return decode_each(self.model, sent)


def cost(work: Callable[[], object], count: int) -> float:
    """CPU seconds per image."""
    start = time.process_time()
    work()
    return (time.process_time() - start) / count


@torch.no_grad()
def networks(model: Model, images: Tensor) -> tuple[float, float]:
    """Images per second of the two transforms alone."""
    chunks = [x.contiguous(memory_format=torch.channels_last) for x in images.split(chunk_size(model.shape))]
    codes = [model.net.analysis(chunk) for chunk in chunks]
    ways = (lambda: [model.net.analysis(x) for x in chunks], lambda: [model.net.synthesis(y) for y in codes])
    return tuple(1 / median(cost(way, len(images)) for _ in range(REPEATS)) for way in ways)


def rows(name: str, sides: dict[str, list[tuple[float, float]]], limits: dict[str, float]) -> list[Row]:
    """One row per direction, from the costs of ours and the peer's in each repeat."""
    made = []
    for side, costs in sides.items():
        own, peer = (list(column) for column in zip(*costs, strict=True))
        more = {"limit": limits[side], "bound": "the network alone", "least": LEAST.get((name, side))}
        made.append(row(f"{side}: {name}", "CompressAI", "images/s", own, peer, **more))
    return made


@torch.no_grad()
def coder(model: Model, floats: Tensor) -> list[Row]:
    """Entropy coding without the networks: numbers to bytes and back, the peer's bottleneck in one batch."""
    net, peer = model.net, Peer(model, len(floats)).model.entropy_bottleneck
    size = chunk_size(model.shape)
    parts = [net.analysis(x) for x in floats.split(size)]
    whole = torch.cat(parts)
    strings = peer.compress(whole)

    def ours() -> bytes:
        sender = Sender()
        for part in parts:
            sender.put([net.bottleneck.symbols(part)], len(part))
        return codec.stream(sender, model.kind, FULL, model.digest, model.shape)

    def back(data: bytes) -> Tensor:
        header, sections = read(data)
        receiver, found = Receiver(header, sections), []
        for _ in parts:
            found.append(net.bottleneck.received(receiver, receiver.chunk, net.side))
            receiver.next_chunk()
        receiver.finish()
        return torch.cat(found)

    data = ours()
    assert torch.equal(back(data), peer.decompress(strings, whole.shape[2:])), "the peer's numbers are others"
    ways = {
        "encode": (ours, lambda: peer.compress(whole)),
        "decode": (lambda: back(data), lambda: peer.decompress(strings, whole.shape[2:])),
    }
    made = []
    for side, (own, other) in ways.items():
        found = in_turns({"ours": own, "peer": other})
        least, name = CODER[side], f"{side}: entropy coder alone, {len(floats)} images"
        made.append(row(name, "CompressAI", "images/s", found["ours"], found["peer"], len(floats), least=least))
    return made


@torch.no_grad()
def measure(model: Model, count: int) -> list[Row]:
    images = digits(1)[torch.arange(count) % 200]
    floats = (images.float() / 255).contiguous(memory_format=torch.channels_last)
    limits = dict(zip(("encode", "decode"), networks(model, floats), strict=True))
    whole, each, lone = Ours(model, count), Each(model, 1), Ours(model, 1)
    peers = {"batches of 64": Peer(model, 64), "one batch": Peer(model, count)}
    loop = Peer(model, 1)
    stream, texts = whole.encode(images), {name: peer.encode(floats) for name, peer in peers.items()}
    singles = {"ours": lone.encode(images[:LONE]), "peer": loop.encode(floats[:LONE])}
    apart = each.encode(images)
    assert torch.equal(each.decode(apart), whole.decode(stream)) and apart[:LONE] == singles["ours"]
    difference = (whole.decode(stream).float() / 255 - loop.decode(loop.encode(floats))).abs().max()
    assert difference < 0.5 / 255 + 1e-4, "the peer decodes other images"
    size = sum(len(s) for part in texts["one batch"] for s in part["strings"][0]) / count
    print(f"{count} images; {len(stream[0]) / count:.1f} bytes each with our header, peer {size:.1f} without one")
    names = [*peers, LOOP, "a file for each, peer's loop", LONELY]
    spent = {name: {"encode": [], "decode": []} for name in names}
    for _ in range(REPEATS + 1):  # the first turn warms up
        for name, peer in peers.items():
            turn = cost(lambda: whole.encode(images), count), cost(lambda p=peer: p.encode(floats), count)
            spent[name]["encode"].append(turn)
            sent = texts[name]
            turn = cost(lambda: whole.decode(stream), count), cost(lambda p=peer, s=sent: p.decode(s), count)
            spent[name]["decode"].append(turn)
        batched = cost(lambda: whole.encode(images), count), cost(lambda: whole.decode(stream), count)
        alone = cost(lambda: lone.encode(images[:LONE]), LONE), cost(lambda: lone.decode(singles["ours"]), LONE)
        single = cost(lambda: each.encode(images), count), cost(lambda: each.decode(apart), count)
        other = cost(lambda: loop.encode(floats[:LONE]), LONE), cost(lambda: loop.decode(singles["peer"]), LONE)
        for place, side in enumerate(("encode", "decode")):
            spent[names[2]][side].append((batched[place], other[place]))
            spent[names[3]][side].append((single[place], other[place]))
            spent[names[4]][side].append((alone[place], other[place]))
    later = {name: {side: turns[1:] for side, turns in sides.items()} for name, sides in spent.items()}
    return [*(one for name in names for one in rows(name, later[name], limits)), *coder(model, floats)]


def main() -> None:
    words = options(__doc__)
    words.add_argument("--count", type=int, default=512, help="images of a batch")
    given = words.parse_args()
    torch.set_num_threads(1)
    model, _, _ = train("factorized", {}, epochs=8)
    finish(measure(model, given.count), given)


if __name__ == "__main__":
    main()
