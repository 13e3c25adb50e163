"""Speed and memory of the 19 corruptions x 5 severities beside imagecorruptions, in one run.

``python bench/corruptions.py [--json FILE]`` prints images per second for every cell, ours and the peer's in turn, CPU
time of one thread; the whole suite, the same; the whole suite in wall time, ours in two processes of one thread and the
peer as it is, in one; and the peak memory of 10,000 images through all cells. ``--compare`` sets the images beside each
other instead. Pictures are made unless ``--images`` names an archive of photographs.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import environment
import numpy as np
import torch
from machine import bandwidth
from pictures import leaves
from table import ROOT, Row, finish, options, row

from shiftpress.core.catalog import component
from shiftpress.core.draws import Draws
from shiftpress.core.splits import Split
from shiftpress.datasets.imagefolder import ImageFolder
from shiftpress.preparation import prepare
from shiftpress.shifts.base import CHUNK, Others

KINDS = (
    "gaussian_noise", "shot_noise", "impulse_noise", "defocus_blur", "glass_blur", "motion_blur", "zoom_blur", "snow",
    "frost", "fog", "brightness", "contrast", "elastic_transform", "pixelate", "jpeg_compression", "speckle_noise",
    "gaussian_blur", "spatter", "saturate",
)  # fmt: skip
CELLS = [(kind, severity) for kind in KINDS for severity in range(1, 6)]
DETERMINISTIC = {"defocus_blur", "zoom_blur", "brightness", "contrast", "pixelate", "jpeg_compression",
                 "gaussian_blur", "saturate"}  # fmt: skip
REPEATS = 5
PEERS = 24
"""Images the peer is timed on; its time is per image."""
STREAMED = 10_000
PEER, LEAST = "imagecorruptions", (20.0, 40.0)
"""Least ratios in CPU time of one thread and in wall time of two cores."""


def pictures(archive: str | None, count: int) -> np.ndarray:
    """(count, 3, 32, 32) uint8."""
    if archive is None:
        return leaves(count)
    splits, _ = prepare(ImageFolder(path=archive, size=32))
    return torch.cat([split.images for split in splits.values()])[:count].numpy()


class Peer:
    """The other process, asked cell by cell."""

    def __init__(self, images: np.ndarray, folder: str):
        self.images = f"{folder}/images.npy"
        np.save(self.images, images.transpose(0, 2, 3, 1))
        command = [str(environment.python()), str(ROOT / "bench/peer_corruptions.py")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._send({kind: component("shifts", kind).table["cifar"] for kind in KINDS})

    def ask(self, kind: str, severity: int, count: int, **more: str) -> dict[str, float]:
        self._send({"kind": kind, "severity": severity, "images": self.images, "count": count, **more})
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()

    def _send(self, message: dict) -> None:
        print(json.dumps(message), file=self.process.stdin, flush=True)


def ours(images: torch.Tensor, kind: str, severity: int) -> tuple[float, float]:
    """Seconds of CPU and of wall time for images (N, 3, 32, 32) float32, chunk by chunk as in the pipeline."""
    shift, ids = component("shifts", kind)(), torch.arange(len(images))
    cpu, wall = time.process_time(), time.perf_counter()
    for start in range(0, len(images), CHUNK):
        rows = slice(start, start + CHUNK)
        shift.apply(images[rows], severity, Draws(severity, ids[rows]))
    return time.process_time() - cpu, time.perf_counter() - wall


def _ready(images: np.ndarray) -> None:
    """Make a process of the pool ready: one thread, its images, tables and operators built."""
    global _IMAGES
    torch.set_num_threads(1)
    _IMAGES = torch.from_numpy(images).float() / 255
    for kind, severity in CELLS:
        ours(_IMAGES[:8], kind, severity)


def _suite(start: int, stop: int) -> float:
    """Seconds of CPU time for these images through every cell."""
    return sum(ours(_IMAGES[start:stop], kind, severity)[0] for kind, severity in CELLS)


def measure(images: np.ndarray) -> list[Row]:
    floats = torch.from_numpy(images).float() / 255
    spent: dict[tuple[str, int], list[tuple[float, float, float]]] = {cell: [] for cell in CELLS}
    walls, shares = [], []
    with tempfile.TemporaryDirectory() as folder:
        peer = Peer(images, folder)
        pool = ProcessPoolExecutor(2, get_context("spawn"), _ready, (images,))
        halves = [(0, len(images) // 2), (len(images) // 2, len(images))]
        list(pool.map(_suite, *zip((0, 4), (4, 8), strict=True)))
        for cell in CELLS:
            ours(floats[:8], *cell)
            peer.ask(*cell, 1)
        for _ in range(REPEATS):
            for cell in CELLS:
                cpu, _ = ours(floats, *cell)
                other = peer.ask(*cell, PEERS)
                spent[cell].append((cpu / len(images), other["cpu"] / PEERS, other["wall"] / PEERS))
            start = time.perf_counter()
            busy = sum(pool.map(_suite, *zip(*halves, strict=True)))
            walls.append((time.perf_counter() - start) / len(images))
            shares.append(busy / 2 / len(images) / walls[-1])
        pool.shutdown()
        peer.close()
    _print(spent)
    made = []
    for kind in KINDS:
        turns = [[sum(spent[kind, s][turn][part] for s in range(1, 6)) for part in (0, 1)] for turn in range(REPEATS)]
        made.append(row(kind, PEER, "images/s", *map(list, zip(*turns, strict=True)), 5, least=1.0))
    suites = [[sum(spent[cell][turn][part] for cell in CELLS) for part in range(3)] for turn in range(REPEATS)]
    own, theirs, others = (list(column) for column in zip(*suites, strict=True))
    more = {"limit": bandwidth() / (2 * floats[0].nbytes), "bound": "images read and written once", "least": LEAST[0]}
    made.append(row("whole suite, mean over 95 cells", PEER, "images/s", own, theirs, len(CELLS), **more))
    # on a busy machine a wall time says little
    busy = ", ".join(f"{share:.0%}" for share in shares)
    more = {"bound": f"two processes had {busy} of two cores", "least": LEAST[1]}
    made.append(
        row("whole suite, wall time, ours in two processes", PEER, "images/s", walls, others, len(CELLS), **more)
    )
    return made


def _print(spent: dict[tuple[str, int], list[tuple[float, float, float]]]) -> None:
    print(f"{'images/s, ours / peer':18s}" + "".join(f"{f'severity {s}':>21s}" for s in range(1, 6)) + "   all, ratio")
    for kind in KINDS:
        cells = [[statistics.median(column) for column in zip(*spent[kind, s], strict=True)][:2] for s in range(1, 6)]
        row = "".join(f"{1 / own:10.0f} /{1 / other:7.0f} " for own, other in cells)
        total = [sum(column) for column in zip(*cells, strict=True)]
        slowest = min(other / own for own, other in cells)
        print(f"{kind:20s}{row} {total[1] / total[0]:8.1f}" + ("  SLOWER" if slowest < 1 else ""))


def stream(images: np.ndarray) -> None:
    """Peak memory of this process after 10,000 images went through every cell, as the pipeline sends them."""
    many = torch.from_numpy(np.resize(images, (STREAMED, *images.shape[1:])))
    rows = torch.arange(STREAMED)
    test = Split(many, rows % 10, rows, rows)
    start = time.perf_counter()
    for kind, severity in CELLS:
        component("shifts", kind)().shift(test, severity, severity, Others())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    seconds = time.perf_counter() - start
    print(f"memory: {STREAMED} images x {len(CELLS)} cells in {seconds:.0f} s, peak {peak:.2f} GiB")


def compare(images: np.ndarray) -> None:
    """How far ours are from the peer's: share of values that differ, or moments of the displacement."""
    floats, pixels = torch.from_numpy(images).float() / 255, images.transpose(0, 2, 3, 1).astype(float)
    with tempfile.TemporaryDirectory() as folder:
        peer = Peer(images, folder)
        for kind in KINDS:
            row = []
            for severity in range(1, 6):
                made = component("shifts", kind)().apply(floats, severity, Draws(severity, torch.arange(len(images))))
                own = (made * 255).round().numpy().transpose(0, 2, 3, 1)
                peer.ask(kind, severity, len(images), save=f"{folder}/out.npy")
                other = np.load(f"{folder}/out.npy").astype(float)
                if kind in DETERMINISTIC:
                    differ = np.abs(own - other)
                    row.append(f"{100 * (differ > 0).mean():.4f} % by {differ.max():.0f}")
                else:
                    a, b = own - pixels, other - pixels
                    row.append(f"{a.mean():.2f}|{b.mean():.2f} x{a.var() / b.var():.3f}")
            print(f"{kind:18s}", "; ".join(row), flush=True)
        peer.close()


def main() -> None:
    words = options(__doc__)
    words.add_argument("--images", help="archive or folder of photographs, <class>/<image>")
    words.add_argument("--count", type=int, default=1000, help="how many images")
    words.add_argument("--compare", action="store_true", help="compare the images instead")
    words.add_argument("--stream", action="store_true", help="measure the memory only")
    given = words.parse_args()
    torch.set_num_threads(1)
    images = pictures(given.images, given.count)
    if given.stream:
        stream(images)
    elif given.compare:
        compare(images)
    else:
        rows = measure(images)
        # a process of its own, whose peak is that of the stream
        again = [sys.executable, __file__, "--stream", "--count", str(given.count)]
        subprocess.run([*again, *(["--images", given.images] if given.images else [])], check=True)
        finish(rows, given)


if __name__ == "__main__":
    main()
