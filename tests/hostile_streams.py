"""Damage streams and model files, with checksums left wrong or repaired, and see what the readers make of them.

    python tests/hostile_streams.py 20000 3000 500 [seed]

Prints one JSON object. Run as a process of its own: a crash, a hang or a large allocation shows from outside only.
"""

import json
import struct
import sys
import time
from dataclasses import replace

import google_crc32c
import numpy as np
import torch
from fuzzing import damaged

from shiftpress.assembly import build
from shiftpress.coding import codec, container, parts
from shiftpress.coding.container import Part, Sections
from shiftpress.coding.model import Model, model_bytes, read_model
from shiftpress.core.problems import InputError

FIELDS = {
    "fixed_rate": {"width": 1, "latents": 6},
    "nested": {"width": 1},
    "residual": {"width": 1},
    "angle": {"width": 1, "angle_width": 1},
    "factorized": {"channels": 2, "latents": 4},
    "hyperprior": {"channels": 2, "latents": 4, "hyper_channels": 2},
}
SHAPE = (1, 32, 32)


def victims() -> list[tuple[Model, bytes, bytes]]:
    """Models, their files, and a stream of each; weights are random, tables are sound."""
    found = []
    for kind, fields in FIELDS.items():
        torch.manual_seed(0)
        net = build("codecs", {"kind": kind, **fields}).build(SHAPE).eval()
        if kind in ("factorized", "hyperprior"):
            with torch.no_grad():
                net.analysis[-1].weight.mul_(300)
        net.freeze()
        data = model_bytes(kind, fields, SHAPE, net.state_dict(), "hostile")
        model = read_model(data)
        found.append((model, data, codec.encode(model, torch.randint(0, 256, (9, *SHAPE), dtype=torch.uint8))))
    return found


def forged(data: bytes, other: bytes, draw: np.random.Generator) -> bytes:
    """A damaged stream with right checksums: header fields, lengths and payload changed, bounds not minded."""
    header, sections = container.read(data)
    whole = sections.payload(header.least)
    packed, coded, escaped = len(sections.packed), len(sections.coded), len(sections.escaped)
    parts_ = list(header.parts)
    place = int(draw.integers(0, len(parts_)))
    odd = int(draw.choice([0, 1, 2, 9, 10, 63, 64, 65, 1000, 2**15, 2**16, 2**24, 2**31, 2**32 - 1]))
    match int(draw.integers(0, 12)):
        case 0:
            header = replace(header, count=odd)
        case 1:
            parts_[place] = replace(parts_[place], symbols=odd)
        case 2:
            parts_[place] = replace(parts_[place], levels=odd)
        case 3:
            parts_.append(Part(odd, int(draw.integers(1, 20))))
        case 4:
            del parts_[place]
        case 5:
            shape = list(header.shape)
            shape[int(draw.integers(0, 3))] = odd
            header = replace(header, shape=tuple(shape))
        case 6:
            header = replace(header, stage=str(draw.choice(["full", "prefix", "upright", "base", "nothing"])))
        case 7:
            packed, coded, escaped = draw.integers(0, len(whole) + 2, 3).tolist()
        case 8:
            whole = draw.bytes(len(whole))
        case 9:
            step = 4 * int(draw.integers(1, 9))
            whole, coded = whole[:packed] + draw.bytes(step) + whole[packed:], coded + step
        case 10:
            cut = int(draw.integers(0, escaped + 1))
            whole, escaped = whole[: packed + coded + cut], cut
        case _:
            whole = damaged(whole, other, draw)[: len(whole)].ljust(len(whole), b"\xff")
    cuts = packed, packed + coded, packed + coded + escaped
    sections = Sections(whole[: cuts[0]], whole[cuts[0] : cuts[1]], whole[cuts[1] : cuts[2]])
    header = replace(header, parts=tuple(parts_), symbols_crc=0)
    if header.least > 4 * len(data):  # a long file may take long; here the header lies about a short one
        return resealed(data, draw)
    return container.write(header, sections)


def resealed(data: bytes, draw: np.random.Generator) -> bytes:
    """The header damaged, and its checksum put right."""
    size = data[5]
    head = bytearray(data[: size - 4])
    for at in draw.integers(30, len(head), draw.integers(1, 4)).tolist():
        head[at] = int(draw.integers(0, 256))
    return bytes(head) + struct.pack("<I", google_crc32c.value(bytes(head))) + data[size:]


def relabelled(data: bytes, draw: np.random.Generator) -> bytes:
    """A model file with its JSON header damaged and its length put right."""
    size = struct.unpack_from("<Q", data)[0]
    head = bytearray(damaged(data[8 : 8 + size], data, draw)) if draw.random() < 0.5 else bytearray(data[8 : 8 + size])
    for at in draw.integers(0, len(head), draw.integers(1, 4)).tolist() if head else []:
        head[at] = int(draw.choice(list(b'0123456789-{}[]",:eE.nul')))
    return struct.pack("<Q", len(head)) + bytes(head) + data[8 + size :]


class Tally:
    """What became of the cases."""

    def __init__(self) -> None:
        self.cases = self.refused = self.accepted = self.long_messages = 0
        self.worst_s = 0.0

    def case(self, read, data: bytes):
        """Read; what came out, or nothing if it was refused."""
        self.cases += 1
        start = time.perf_counter()
        try:
            found = read(data)
            self.accepted += 1
        except InputError as error:
            found = None
            self.refused += 1
            self.long_messages += "\n" in str(error) or len(str(error)) > 300
        self.worst_s = max(self.worst_s, time.perf_counter() - start)
        return found


class Watched(codec.Receiver):
    """Counts the streams that get as far as the decoding of symbols."""

    seen = 0

    def __init__(self, *words):
        Watched.seen += 1
        super().__init__(*words)


def main(plain: int, repaired: int, models: int, seed: int) -> dict:
    torch.set_num_threads(1)
    draw, targets = np.random.default_rng(seed), victims()
    before, codec.Receiver = peak(), Watched
    tallies = {name: Tally() for name in ("plain", "wrong_model", "repaired", "models")}
    for number in range(plain):
        (model, _, data), (_, _, other) = targets[number % len(targets)], targets[draw.integers(0, len(targets))]
        stream = damaged(data, other, draw)
        if stream != data and not (stream == other and model.kind in str(other[:50])):
            tallies["plain"].case(lambda s, m=model: codec.decode(m, s), stream)
    reached = Watched.seen
    for model, _, _ in targets:
        for other, _, data in targets:
            if other is not model:
                tallies["wrong_model"].case(lambda s, m=model: codec.decode(m, s), data)
    extended, excess = parts._extended, container._excess
    parts._extended = lambda crc, values: 0  # the attacker knows what the checksum of the symbols must be
    for number in range(repaired):
        (model, _, data), (_, _, other) = targets[number % len(targets)], targets[draw.integers(0, len(targets))]
        container._excess = lambda header: None
        stream = forged(data, other, draw) if draw.random() < 0.8 else resealed(data, draw)
        container._excess = excess
        images = tallies["repaired"].case(lambda s, m=model: codec.decode(m, s), stream)
        if images is not None:
            assert images.shape == (container.read(stream)[0].count, *SHAPE) and images.dtype == torch.uint8
    parts._extended = extended
    for number in range(models):
        _, data, _ = targets[number % len(targets)]
        broken = relabelled(data, draw) if draw.random() < 0.6 else damaged(data, targets[0][1], draw)
        if broken != data:
            tallies["models"].case(read_model, broken)
    found = {name: vars(tally) for name, tally in tallies.items()}
    return found | {"reached": reached, "decoded": Watched.seen - reached, "peak": peak(), "grown": peak() - before}


def peak() -> int:
    """The most memory this program has held, in bytes; ``ru_maxrss`` would count its parent's, before it started."""
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) * 1024


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    print(json.dumps(main(*numbers[:3], numbers[3] if len(numbers) > 3 else 0)))
