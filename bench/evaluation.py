"""Corruption evaluation of eight networks together, beside one after the other from files, in one run.

``python bench/evaluation.py [--json FILE]`` makes shifted test sets once, writes them as the pipeline does and as
arrays laid out like CIFAR-10-C (one file for a corruption, five severities), and scores eight networks of random
weights in turns. The peer is what one writes without this project: for every network, read each array, make float
tensors of it and classify batches of 100 in torch's memory order. Ours is what ``score_card`` does, which also finds
two calibration metrics. "Jobs" are whole processes, Python and torch started in each: one for ours, one a network for
the peer.
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from machine import peak, work
from pictures import leaves
from table import Row, finish, in_turns, options, row, turns

from shiftpress.classifiers.convs import ConvS
from shiftpress.core.catalog import component
from shiftpress.core.determinism import prepare
from shiftpress.core.splits import Split
from shiftpress.core.tensors import read_tensors, write_tensors
from shiftpress.evaluation.cards import measure
from shiftpress.evaluation.cells import cells, score
from shiftpress.shifts.base import Others, Shifted, as_tensors, load_shifted

KINDS = ("gaussian_noise", "defocus_blur", "fog", "contrast", "jpeg_compression")
NETS, COUNT, SHAPE, REPEATS = 8, 500, (3, 32, 32), 5
LEAST = 4.0


def written(folder: Path) -> None:
    """Networks and shifted sets, in both forms."""
    images, rows = torch.from_numpy(leaves(COUNT)), torch.arange(COUNT)
    test = Split(images, rows % 10, rows, rows)
    for kind in KINDS:
        splits = [component("shifts", kind)().shift(test, severity, severity, Others()) for severity in range(1, 6)]
        write_tensors(folder / f"{kind}.safetensors", as_tensors(Shifted([1.0, 2, 3, 4, 5], splits)), "bench")
        np.save(folder / f"{kind}.npy", torch.cat([part.images for part in splits]).permute(0, 2, 3, 1).numpy())
    np.save(folder / "labels.npy", test.labels.numpy())
    for number in range(NETS):
        torch.manual_seed(number)
        write_tensors(folder / f"net{number}.safetensors", ConvS().build(SHAPE, 10).state_dict(), "bench")


def network(folder: Path, number: int) -> torch.nn.Module:
    net = ConvS().build(SHAPE, 10).eval()
    net.load_state_dict(read_tensors(folder / f"net{number}.safetensors"))
    return net


def ours(folder: Path) -> list[float]:
    """Accuracies, network by network."""
    shifted = {kind: load_shifted(folder / f"{kind}.safetensors") for kind in KINDS}
    shared = {"phase": "cards", "dataset": "bench", "model": "net", "fingerprint": "bench"}
    found = []
    for number in range(NETS):
        net = network(folder, number)
        made = score(cells(shifted, dict.fromkeys(KINDS, "regenerated")), measure(net), seed=number, **shared)
        found += [record.value for record in made if record.metric == "accuracy"]
    return found


@torch.no_grad()
def theirs(folder: Path, number: int) -> list[float]:
    """Of one network."""
    net, labels, found = network(folder, number), torch.from_numpy(np.load(folder / "labels.npy")), []
    for kind in KINDS:
        whole = np.load(folder / f"{kind}.npy")
        for severity in range(5):
            part = np.transpose(whole[severity * COUNT : (severity + 1) * COUNT], (0, 3, 1, 2))
            images = torch.tensor(part.astype(np.float32) / 255)
            said = torch.cat([net(some).argmax(1) for some in images.split(100)])
            found.append(float((said == labels).sum() / COUNT))
    return found


def jobs(words: list[list[str]]) -> float:
    """CPU seconds of processes, one after the other."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for more in words:
        subprocess.run([sys.executable, "-W", "ignore", __file__, "--work", *more], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measured(folder: Path) -> list[Row]:
    written(folder)
    assert ours(folder) == [value for number in range(NETS) for value in theirs(folder, number)], "other accuracies"
    count = NETS * len(KINDS) * 5 * COUNT
    inside = in_turns(
        {"ours": lambda: ours(folder), "peer": lambda: [theirs(folder, number) for number in range(NETS)]}, REPEATS
    )
    apart = turns(
        {
            "ours": lambda: jobs([[str(folder), "all"]]),
            "peer": lambda: jobs([[str(folder), str(number)] for number in range(NETS)]),
        },
        REPEATS,
        warm=0,
    )
    more = {"least": LEAST, "limit": peak() / work(network(folder, 0), SHAPE)}
    more["bound"] = "operations at the peak of float32"
    name = f"{NETS} ConvS, {len(KINDS)} corruptions x 5 severities x {COUNT} images"
    return [
        row(f"{name}, one process each", "net by net", "images/s", inside["ours"], inside["peer"], count, **more),
        row(f"{name}, jobs", "a job for each net", "images/s", apart["ours"], apart["peer"], count, **more),
    ]


def main() -> None:
    words = options(__doc__)
    words.add_argument("--work", nargs=2, help="a folder, and which networks to score: the job of a process")
    given = words.parse_args()
    prepare(1)
    if given.work:
        folder, which = Path(given.work[0]), given.work[1]
        ours(folder) if which == "all" else theirs(folder, int(which))
        return
    with tempfile.TemporaryDirectory() as folder:
        finish(measured(Path(folder)), given)


if __name__ == "__main__":
    main()
