"""How cost grows: scoring and training at one size and at twice as much, in turns, in one run.

``python bench/growth.py [--json FILE]`` doubles the networks, the test images, the severities and the seeds, one at a
time; each may cost 2.1 times as much, and less is what one hopes for. Work is what ``score_card`` and ``train_codec``
do inside their jobs. Memory is the peak of a process of its own for each size, less that of one that does nothing.
"""

import re
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import torch
from table import ROOT, Row, finish, in_turns, options, row

from shiftpress.classifiers.convs import ConvS
from shiftpress.codecs.fixed_rate import FixedRate
from shiftpress.core.catalog import component
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.determinism import prepare
from shiftpress.core.progress import Progress
from shiftpress.core.splits import Split
from shiftpress.evaluation.cards import measure
from shiftpress.evaluation.cells import cells, score
from shiftpress.objectives.erm import EmpiricalRisk
from shiftpress.shifts.base import Others, Shifted
from shiftpress.training.codecs import train_codec

SHAPE, MOST = (3, 32, 32), 2.1
SIZES = {"networks": 3, "images": 500, "severities": 3, "seeds": 2}
LARGE = {"networks": 1, "images": 4000, "severities": 4, "seeds": 1}
"""For time, and for memory, which has to be more than what importing torch takes for a moment."""
LEAST_MIB = 16
WORDS = {"networks": "networks scored", "images": "test images", "severities": "severities", "seeds": "seeds trained"}


def noise(count: int) -> torch.Tensor:
    """Images, 8 bits; no cost depends on what is in them."""
    return torch.randint(0, 256, (count, *SHAPE), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def scored(networks: int, images: int, severities: int) -> None:
    """So many networks under one shift: the set is shifted, and every network looks at it."""
    rows = torch.arange(images)
    test = Split(noise(images), rows % 10, rows, rows)
    shift, levels = component("shifts", "awgn")(severities=[0.1]), [0.1 + place / 100 for place in range(severities)]
    shifted = {"noise": Shifted(levels, [shift.shift(test, level, 0, Others()) for level in levels])}
    shared = {"phase": "cards", "dataset": "bench", "model": "net", "fingerprint": "bench"}
    for seed in range(networks):
        torch.manual_seed(seed)
        net = ConvS().build(SHAPE, 10).eval()
        list(score(cells(shifted, {"noise": "regenerated"}), measure(net), seed=seed, **shared))


def trained(seeds: int) -> None:
    """A codec for each seed, one epoch on 512 images."""
    images = noise(512).float() / 255
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(seeds):
            recipe = {"epochs": 1, "batch": 64, "lr": 1e-3, "drops": [], "drop_factor": 1.0}
            own = {"init_seed": seed, "order_seed": seed, "draw_seed": seed}
            keep = {"store": Checkpoints(f"growth{seed}", Path(folder)), "progress": Progress("growth", 1)}
            train_codec(FixedRate(width=8), EmpiricalRisk(), images, **recipe, **own, **keep)


def work(what: str, times: int, base: dict[str, int] = SIZES) -> None:
    """The work with one of its sizes so many times as large; none of it for 0."""
    sizes = base | {what: times * base[what]}
    if times and what == "seeds":
        trained(sizes["seeds"])
    elif times:
        scored(**{name: sizes[name] for name in ("networks", "images", "severities")})


def most() -> float:
    """MiB that this process had at most.

    Not ``ru_maxrss``, which is never less than what the process that started this one had by then.
    """
    return int(re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)[1]) / 1024


def peak(what: str, times: int) -> float:
    """MiB that a process of its own had at most."""
    words = [sys.executable, "-W", "ignore", __file__, "--peak", what, str(times)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True, cwd=ROOT).stdout)


def measured() -> list[Row]:
    made = []
    for what in SIZES:
        found = in_turns({"one": partial(work, what, 1), "two": partial(work, what, 2)})
        growth = row(f"twice as many {WORDS[what]}, time", "", "s", found["one"], found["two"]).ratio
        made.append(Row(f"twice as many {WORDS[what]}: time", "", "times", growth, repeats=7, most=MOST))
    for what in SIZES:
        nothing, one, two = (peak(what, times) for times in range(3))
        name = f"twice as many {WORDS[what]}: memory, {one - nothing:.0f} MiB before"
        made.append(Row(name, "", "times", max(two - nothing, LEAST_MIB) / max(one - nothing, LEAST_MIB), most=MOST))
    return made


def main() -> None:
    words = options(__doc__)
    words.add_argument("--peak", nargs=2, help="print the most memory that this work took, in MiB")
    given = words.parse_args()
    prepare(1)
    if given.peak:
        work(given.peak[0], int(given.peak[1]), LARGE)
        print(most())
        return
    finish(measured(), given)


if __name__ == "__main__":
    main()
