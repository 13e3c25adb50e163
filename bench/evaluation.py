"""Corruption evaluation of eight networks together, beside one after the other from files, in one run.

``python bench/evaluation.py [--json FILE]`` makes shifted test sets once, writes them as the pipeline does and as
arrays laid out like CIFAR-10-C (one file for a corruption, five severities), and scores eight networks of random
weights in turns. The peer is how published code evaluates on CIFAR-10-C (that of AugMix, and others after it): for
every network and corruption the array takes the place of the pictures of torchvision's dataset, whose items go through
``ToTensor`` and a loader in batches. Beside it stands a loop without pictures and loader, which nobody publishes: each
array made a float tensor at once and classified in batches of 100. Ours is what ``score_card`` does, which also finds
two calibration metrics. "Jobs" are whole processes, Python and torch started in each: one for ours, one a network for
the peer.
"""

import resource
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from machine import peak, work
from pictures import leaves
from PIL import Image
from table import Row, finish, options, row, turns
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

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


class Pictures(Dataset):
    """A corruption's array in the place of the pictures of torchvision's CIFAR-10, item by item as there."""

    def __init__(self, folder: Path, kind: str, severity: int):
        self.data = np.load(folder / f"{kind}.npy")[severity * COUNT : (severity + 1) * COUNT]
        self.targets = np.load(folder / "labels.npy")
        self.change = transforms.ToTensor()

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, place: int) -> tuple[torch.Tensor, int]:
        return self.change(Image.fromarray(self.data[place])), self.targets[place]


@torch.no_grad()
def loaded(folder: Path, number: int) -> list[float]:
    """Of one network, by a loader of pictures."""
    net, found = network(folder, number), []
    for kind in KINDS:
        for severity in range(5):
            batches = DataLoader(Pictures(folder, kind, severity), batch_size=COUNT)
            right = sum(int((net(images).argmax(1) == labels).sum()) for images, labels in batches)
            found.append(float(torch.tensor(right) / COUNT))
    return found


@torch.no_grad()
def plain(folder: Path, number: int) -> list[float]:
    """Of one network, by arrays alone."""
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


def all_loaded(folder: Path) -> list[float]:
    """Of all networks, by a loader of pictures."""
    return [value for number in range(NETS) for value in loaded(folder, number)]


def all_plain(folder: Path) -> list[float]:
    """Of all networks, by arrays alone."""
    return [value for number in range(NETS) for value in plain(folder, number)]


WAYS = {"ours": ours, "loader": all_loaded, "plain": all_plain}


def begin(name: str) -> None:
    """A way's own process."""
    prepare(1) if name == "ours" else torch.set_num_threads(1)


def timed(name: str, folder: Path) -> tuple[float, list[float]]:
    """CPU seconds of a way, and what it found."""
    start = time.process_time()
    found = WAYS[name](folder)
    return time.process_time() - start, found


def inside_of(folder: Path) -> dict[str, list[float]]:
    """CPU seconds of each way in a process that has begun; all must find the same."""
    with ExitStack() as held:
        spawn = get_context("spawn")
        pools = {name: held.enter_context(spawn.Pool(1, begin, (name,))) for name in WAYS}
        found = [pool.apply(timed, (name, folder))[1] for name, pool in pools.items()]
        assert found[0] == found[1] == found[2], "other accuracies"
        return turns({name: lambda name=name: pools[name].apply(timed, (name, folder))[0] for name in WAYS}, REPEATS)


def measured(folder: Path) -> list[Row]:
    written(folder)
    each = range(NETS)
    inside = inside_of(folder)
    apart = turns(
        {
            "ours": lambda: jobs([[str(folder), "all"]]),
            "loader": lambda: jobs([[str(folder), str(number)] for number in each]),
        },
        REPEATS,
        warm=0,
    )
    count = NETS * len(KINDS) * 5 * COUNT
    bound = {"limit": peak() / work(network(folder, 0), SHAPE), "bound": "operations at the peak of float32"}
    name = f"{NETS} ConvS, {len(KINDS)} corruptions x 5 severities x {COUNT} images"
    made = []
    for where, peer, found, other, least in (
        ("one process each", "net by net, a loader of pictures", inside, "loader", LEAST),
        ("one process each, no pictures", "net by net, arrays in batches of 100", inside, "plain", None),
        ("jobs", "a job for each net, a loader of pictures", apart, "loader", LEAST),
    ):
        given = (f"{name}, {where}", peer, "images/s", found["ours"], found[other], count)
        made.append(row(*given, least=least, **bound))
    return made


def main() -> None:
    words = options(__doc__)
    words.add_argument("--work", nargs=2, help="a folder, and which networks to score: the job of a process")
    given = words.parse_args()
    prepare(1)
    if given.work:
        folder, which = Path(given.work[0]), given.work[1]
        ours(folder) if which == "all" else loaded(folder, int(which))
        return
    with tempfile.TemporaryDirectory() as folder:
        finish(measured(Path(folder)), given)


if __name__ == "__main__":
    main()
