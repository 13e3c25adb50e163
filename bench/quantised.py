"""Quantised classifiers in whole numbers: speed, bytes, and whether they say what networks that round say, in one run.

``python bench/quantised.py [--json FILE] [--nets NAME...]`` trains classifiers on digits for a moment, quantises them
with 8 bits, and sets beside each other, in turns on one thread: torch in float32, our kernels, and ONNX Runtime in
float32 and quantised in several ways (``bench/peer_onnxruntime.py``). Numbers are CPU milliseconds per image, medians;
speed-ups are over the faster of torch's two memory orders. Agreement is the share of 1,000 test images on which the
integer network's prediction is that of the rounding one; for the peer, that of its own float32 network. 0.995 is the
least, and for ResNet-18 a speed-up of 3 at batches of 32 and of 1.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "bench")]

import environment  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from shiftpress.core.catalog import component  # noqa: E402
from shiftpress.core.folding import folded  # noqa: E402
from shiftpress.core.quantised import Quantised  # noqa: E402
from shiftpress.datasets.mnist5k import Mnist5k  # noqa: E402
from shiftpress.packing.integer import IntegerNet  # noqa: E402
from shiftpress.packing.quantised import pack  # noqa: E402
from shiftpress.preparation import prepare  # noqa: E402
from shiftpress.quantizers.mse import Mse  # noqa: E402

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
AGREEMENT, SPEEDUP = 0.995, {"ResNet-18": 3.0}


def data() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training images and labels, then others to test on; three channels, 32x32."""
    splits, _ = prepare(Mnist5k())
    images = torch.cat([split.images for split in splits.values()]).float() / 255
    labels = torch.cat([split.labels for split in splits.values()])
    images = F.pad(images, [(32 - images.shape[-1]) // 2] * 4).expand(-1, 3, -1, -1).contiguous()
    return images[:-TESTED], labels[:-TESTED], images[-TESTED:], labels[-TESTED:]


def trained(kind: str, fields: dict, steps: int, images: Tensor, labels: Tensor) -> nn.Module:
    """A network after some steps of Adam."""
    torch.manual_seed(0)
    net = component("classifiers", kind)(**fields).build(tuple(images.shape[1:]), 10)
    net.normalise.fit(images)
    net.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    for _ in range(steps):
        rows = torch.randint(len(images), (32,))
        optimizer.zero_grad()
        F.cross_entropy(net(images[rows]), labels[rows]).backward()
        optimizer.step()
    return net.to(memory_format=torch.contiguous_format).eval()


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
def speed(net: nn.Module, quantised: Quantised, images: Tensor, batch: int, peer: Peer) -> dict[str, float]:
    """CPU milliseconds per image of every way."""
    some, ordered = images[:batch], images[:batch].contiguous(memory_format=torch.channels_last)
    whole = IntegerNet(quantised)
    ways: dict[str, Callable[[], float]] = {
        "float32": lambda: _seconds(lambda: net.to(memory_format=torch.contiguous_format)(some), net, False),
        "float32, channels last": lambda: _seconds(lambda: net(ordered), net, True),
        "integer": lambda: _seconds(lambda: whole(some), None, False),
    }
    ways |= {f"peer: {way}": lambda way=way: peer.seconds(way, batch) for way in peer.ways}
    found: dict[str, list[float]] = {way: [] for way in ways}
    shuffle = random.Random(0)
    for turn in range(WARM + REPEATS):
        for way in shuffle.sample(list(ways), len(ways)):
            seconds = ways[way]()
            if turn >= WARM:
                found[way].append(seconds)
    return {way: 1000 * statistics.median(values) / batch for way, values in found.items()}


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


def measured(name: str, all_data: tuple[Tensor, Tensor, Tensor, Tensor]) -> dict:
    """Everything about one network."""
    images, labels, shown, truth = all_data
    kind, fields, steps = NETS[name]
    net = trained(kind, fields, steps, images, labels)
    quantised = Mse().quantise(net, images)
    with tempfile.TemporaryDirectory() as folder:
        peer = Peer(net, images[:512], shown, folder)
        rows = agreement(net, quantised, shown, truth, peer)
        rows["integer"]["bytes"] = len(pack(quantised, kind, fields, tuple(images.shape[1:]), 10))
        times = {batch: speed(net, quantised, shown, batch, peer) for batch in BATCHES}
        peer.close()
    return {"ways": rows, "ms": times}


def show(name: str, found: dict) -> bool:
    """Print a network's table; whether it keeps the limits."""
    print(f"{name}\n{'':34}{'ms, 32':>10}{'speed-up':>10}{'ms, 1':>10}{'speed-up':>10}", end="")
    print(f"{'bytes':>12}{'accuracy':>10}{'agrees':>8}")
    best = {b: min(found["ms"][b][way] for way in ("float32", "float32, channels last")) for b in BATCHES}
    for way in dict.fromkeys([*found["ways"], *found["ms"][BATCHES[0]]]):
        cells = [f"{found['ms'][b][way]:10.3f}{best[b] / found['ms'][b][way]:10.2f}" for b in BATCHES
                 if way in found["ms"][b]]  # fmt: skip
        row = found["ways"].get(way)
        rest = f"{row['bytes']:12,}{row['accuracy']:10.3f}{row['agreement']:8.3f}" if row else ""
        print(f"  {way:32}{''.join(cells) or ' ' * 40}{rest}")
    least = min(best[b] / found["ms"][b]["integer"] for b in BATCHES)
    return found["ways"]["integer"]["agreement"] >= AGREEMENT and least >= SPEEDUP.get(name, 0.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--nets", nargs="+", choices=NETS, default=list(NETS))
    args = parser.parse_args()
    torch.set_num_threads(1)
    found, kept, all_data = {}, True, data()
    for name in args.nets:
        found[name] = measured(name, all_data)
        kept &= show(name, found[name])
    if args.json:
        args.json.write_text(json.dumps(found, indent=1))
    print("within the limits" if kept else "BEYOND THE LIMITS")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
