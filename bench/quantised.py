"""Quantised classifiers in whole numbers: speed, bytes, and whether they say what networks that round say, in one run.

``python bench/quantised.py [--json FILE] [--nets NAME...]`` trains classifiers on digits for a moment, quantises them
with 8 bits, and sets beside each other, in turns on one thread: torch in float32, our kernels, and ONNX Runtime in
float32 and quantised in several ways (``bench/peer_onnxruntime.py``). Numbers are CPU milliseconds per image, medians;
speed-ups are over the faster of torch's two memory orders. Agreement is the share of 1,000 test images on which the
integer network's prediction is that of the rounding one; for the peer, that of its own float32 network. 0.995 is the
least, and for ResNet-18 a speed-up of 3 at batches of 32 and of 1.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import environment
import numpy as np
import torch
from digits import digits
from networks import trained
from table import ROOT, Row, finish, options, row, turns
from torch import Tensor, nn

from shiftpress.core.folding import folded
from shiftpress.core.quantised import Quantised
from shiftpress.packing.integer import IntegerNet
from shiftpress.packing.quantised import pack
from shiftpress.quantizers.mse import Mse

NETS = {
    "ResNet-18": ("resnet", {"depth": 18}, 60),
    "ResNet-8": ("resnet", {"depth": 8}, 150),
    "ConvN-4": ("convn", {"depth": 4}, 60),
    "ConvS": ("convs", {}, 300),
    "LeNet": ("caffe_lenet", {}, 300),
    "PreActResNet": ("preact_resnet", {"stages": [16, 32, 64]}, 100),
}
"""Kind, fields, and steps of training."""
BATCHES, REPEATS, WARM = (32, 1), 15, 2
TESTED = 1000
APART, SPEEDUP = 0.005, {"ResNet-18": 3.0}


class Peer:
    """ONNX Runtime in another process, asked turn by turn."""

    def __init__(self, net: nn.Module, calibration: Tensor, images: Tensor, folder: str):
        found, self.folder = folded(net), Path(folder)
        (self.folder / "steps.json").write_text(json.dumps([asdict(step) for step in found.steps]))
        np.savez(self.folder / "tensors.npz", **{name: tensor.numpy() for name, tensor in found.tensors.items()})
        np.save(self.folder / "calibration.npy", calibration.numpy())
        np.save(self.folder / "images.npy", images.numpy())
        command = [str(environment.python()), str(ROOT / "bench/peer_onnxruntime.py"), folder]
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, **pipes, text=True, env=clean)
        self.ways = self._answer()

    def seconds(self, way: str, batch: int) -> float:
        return self._ask({"way": way, "batch": batch})["cpu"]

    def logits(self, way: str) -> tuple[Tensor, int]:
        """Of all images, and the bytes of the file."""
        answer = self._ask({"way": way, "say": str(self.folder / "said.npy")})
        return torch.from_numpy(np.load(self.folder / "said.npy")), answer["bytes"]

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()

    def _ask(self, asked: dict) -> dict:
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        return self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        while line and not line.startswith(("{", "[")):
            line = self.process.stdout.readline()
        return json.loads(line)


@torch.inference_mode()
def agreement(net: nn.Module, quantised: Quantised, images: Tensor, labels: Tensor, peer: Peer) -> dict[str, dict]:
    """Of every way: accuracy, bytes, and how often it says what it should."""

    def said(way: Callable[[Tensor], Tensor]) -> Tensor:
        return torch.cat([way(part).argmax(1) for part in images.split(50)])

    def row(found: Tensor, other: Tensor, size: int) -> dict:
        return {"accuracy": _share(found == labels), "agreement": _share(found == other), "bytes": size}

    exact, rounds = said(net), said(quantised.net())
    rows = {"float32": row(exact, exact, sum(t.nbytes for t in net.state_dict().values()))}
    rows["rounding"] = row(rounds, exact, 0)
    theirs = peer.logits("float32")[0].argmax(1)
    for way in peer.ways:
        logits, size = peer.logits(way)
        rows[f"peer: {way}"] = row(logits.argmax(1), theirs, size)
    return rows | {"integer": row(said(IntegerNet(quantised)), rounds, 0)}


@torch.inference_mode()
def speed(net: nn.Module, quantised: Quantised, images: Tensor, batch: int, peer: Peer) -> dict[str, list[float]]:
    """CPU seconds of every way, turn by turn."""
    some, ordered = images[:batch], images[:batch].contiguous(memory_format=torch.channels_last)
    whole = IntegerNet(quantised)
    ways: dict[str, Callable[[], float]] = {
        "float32": lambda: _seconds(lambda: net.to(memory_format=torch.contiguous_format)(some), net, False),
        "float32, channels last": lambda: _seconds(lambda: net(ordered), net, True),
        "integer": lambda: _seconds(lambda: whole(some), None, False),
    }
    ways |= {f"peer: {way}": lambda way=way: peer.seconds(way, batch) for way in peer.ways}
    return turns(ways, REPEATS, WARM)


def _seconds(run: Callable[[], object], net: nn.Module | None, last: bool) -> float:
    """CPU time of the second of two runs: the first brings the weights into order and into the cache."""
    if net is not None:
        net.to(memory_format=torch.channels_last if last else torch.contiguous_format)
    run()
    start = time.process_time()
    run()
    return time.process_time() - start


def _share(hits: Tensor) -> float:
    return float(hits.double().mean())


def measured(name: str, all_data: tuple[Tensor, Tensor, Tensor, Tensor]) -> list[Row]:
    """Everything about one network."""
    images, labels, shown, truth = all_data
    kind, fields, steps = NETS[name]
    net = trained(kind, fields, steps, 32, images, labels)
    quantised = Mse().quantise(net, images)
    with tempfile.TemporaryDirectory() as folder:
        peer = Peer(net, images[:512], shown, folder)
        ways = agreement(net, quantised, shown, truth, peer)
        ways["integer"]["bytes"] = len(pack(quantised, kind, fields, tuple(images.shape[1:]), 10))
        spent = {batch: speed(net, quantised, shown, batch, peer) for batch in BATCHES}
        peer.close()
    for way, found in ways.items():
        said = f"accuracy {found['accuracy']:.3f}, agrees {found['agreement']:.3f}"
        print(f"{name}, {way}: {found['bytes']:,} bytes, {said}")
    made = [one for batch, seconds in spent.items() for one in speeds(f"{name}, batches of {batch}", seconds, batch)]
    apart = 1 - ways["integer"]["agreement"]
    return [*made, Row(f"{name}, said otherwise than by the network that rounds", "", "share", apart, most=APART)]


def speeds(name: str, seconds: dict[str, list[float]], batch: int) -> list[Row]:
    """Ours beside the faster of torch's two memory orders, and beside each way of the peer."""
    best = min(("float32", "float32, channels last"), key=lambda way: sorted(seconds[way])[REPEATS // 2])
    made, unit, ours = [], "ms an image", seconds["integer"]
    made.append(row(name, f"torch, {best}", unit, ours, seconds[best], batch, least=SPEEDUP.get(name.split(",")[0])))
    for way in seconds:
        if way.startswith("peer: "):
            others = seconds[way]
            made.append(row(name, f"ONNX Runtime, {way.removeprefix('peer: ')}", unit, ours, others, batch))
    return made


def main() -> None:
    words = options(__doc__)
    words.add_argument("--nets", nargs="+", choices=NETS, default=list(NETS))
    given = words.parse_args()
    torch.set_num_threads(1)
    (images, labels), (shown, truth) = digits(TESTED, 32, 3)
    everything = images, labels, shown, truth
    finish([one for name in given.nets for one in measured(name, everything)], given)


if __name__ == "__main__":
    main()
