"""Cost of a training step of sparse networks, and of one with a teacher, beside a plain one, in one run.

``python bench/training.py [--json FILE]`` takes a few steps of each way in turn, again and again, and prints for every
network the CPU milliseconds of a dense step of one thread and, for every sparse way, the median of the paired ratios to
it. Masked training may cost 1.15 times a dense step and edge-popup 1.2 times; biprop, which also scales its weights
anew, has no limit. A step that a teacher of the same size helps with may cost 1.1 times if what it says is kept; asked
anew in every step, it has no limit. Images are random: no step depends on what is in them.
"""

import argparse
import json
import os
import random
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

import torch  # noqa: E402

from shiftpress.augmentations.clean import Clean  # noqa: E402
from shiftpress.classifiers.base import Classifier  # noqa: E402
from shiftpress.classifiers.convn import ConvN  # noqa: E402
from shiftpress.classifiers.convs import ConvS  # noqa: E402
from shiftpress.classifiers.resnet import ResNet  # noqa: E402
from shiftpress.core.checkpoints import Checkpoints  # noqa: E402
from shiftpress.core.determinism import prepare  # noqa: E402
from shiftpress.core.recipe import CardFit, EdgeFit  # noqa: E402
from shiftpress.core.splits import Split  # noqa: E402
from shiftpress.pruners.base import largest, prunable  # noqa: E402
from shiftpress.pruners.biprop import Biprop  # noqa: E402
from shiftpress.pruners.edge_popup import EdgePopup  # noqa: E402
from shiftpress.training.lessons import Lesson  # noqa: E402
from shiftpress.training.popup import Popup  # noqa: E402
from shiftpress.training.rounds import Round  # noqa: E402
from shiftpress.training.sparse import Masked  # noqa: E402
from shiftpress.training.taught import Taught  # noqa: E402

NETS: dict[str, tuple[Classifier, tuple[int, int, int], int]] = {
    "ConvS 32x32 grey": (ConvS(), (1, 32, 32), 64),
    "Conv4 width 1/4 32x32 grey": (ConvN(width=0.25), (1, 32, 32), 128),
    "ResNet-8 32x32": (ResNet(depth=8), (3, 32, 32), 128),
    "Conv4 32x32": (ConvN(), (3, 32, 32), 128),
}
"""Network, shape of its images, images per step."""
LIMITS = {
    "masked": 1.15,
    "edge-popup": 1.2,
    "edge-popup, layerwise": 1.2,
    "biprop": None,
    "taught": 1.1,
    "taught, asked": None,
}
SPARSITY = 0.95
WARM = 10
"""Steps before any is timed: scores and thresholds have to move as they do in training."""
TURN_S, REPEATS = 0.05, 21
"""CPU time of a turn, at least one step; and turns of each way."""


def lesson_of(name: str) -> Lesson:
    """What the steps of one network are taken on."""
    classifier, shape, batch = NETS[name]
    count, rng = 4 * batch, torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, *shape), generator=rng, dtype=torch.uint8)
    rows = torch.arange(count)
    split = Split(images, rows % 10, rows, rows)
    recipe = CardFit(epochs=100, batch=batch, lr=0.02)
    return Lesson("bench", "net", classifier, Clean(), recipe, split, split, 10, 0)


def ways_of(lesson: Lesson) -> dict[str, Round]:
    """A training under way for each way, all of the same network and images."""
    net = lesson.untrained()
    masks = largest({n: w.detach().abs() for n, w in prunable(net).items()}, SPARSITY, {}, "global")
    rounds = {"dense": Round("dense", 0, net, Masked(net, {}), lesson)}
    net = lesson.untrained()
    rounds["masked"] = Round("masked", 0, net, Masked(net, masks), lesson)
    popups = {"edge-popup": EdgePopup(), "edge-popup, layerwise": EdgePopup(scope="layerwise"), "biprop": Biprop()}
    for way, pruner in popups.items():
        net = lesson.untrained()
        sparse = Popup(net, pruner, SPARSITY, torch.Generator().manual_seed(0))
        rounds[way] = Round(way, 0, net, sparse, lesson, pruner.span())
    recipe = EdgeFit(epochs=100, batch=lesson.recipe.batch, lr=0.02)
    told = Taught(**{**vars(lesson), "recipe": recipe}).by(lesson.untrained().state_dict())
    for way, own in {"taught": told, "taught, asked": replace(told, said=None)}.items():
        net = lesson.untrained()
        rounds[way] = Round(way, 0, net, Masked(net, {}), own)
    for work in rounds.values():
        work.begin(Checkpoints("bench", ROOT / "work"))
    return rounds


def measure(name: str) -> dict[str, list[float]]:
    """CPU seconds of a step by way, one number per repeat."""
    rounds = ways_of(lesson_of(name))
    warm = [_seconds(work, WARM) for work in rounds.values()]
    steps = max(1, round(TURN_S / warm[0]))
    found: dict[str, list[float]] = {way: [] for way in rounds}
    shuffle = random.Random(0)
    for _ in range(REPEATS):
        # in another order each time, so that no way always follows the same other
        for way in shuffle.sample(list(rounds), len(rounds)):
            found[way].append(_seconds(rounds[way], steps))
    return found


def _seconds(work: Round, steps: int) -> float:
    start = time.process_time()
    for _ in range(steps):
        work.step()
    return (time.process_time() - start) / steps


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--json", help="file for the numbers")
    options.add_argument("--net", choices=NETS, help="this network only")
    given = options.parse_args()
    prepare(1)
    print(f"{'ratio to a dense step':28s}{'dense, ms':>10s}" + "".join(f"{way:>26s}" for way in LIMITS))
    rows = []
    for name in [given.net] if given.net else NETS:
        found = measure(name)
        dense = statistics.median(found["dense"])
        line = f"{name:28s}{1000 * dense:10.2f}"
        for way, limit in LIMITS.items():
            ratios = sorted(own / base for own, base in zip(found[way], found["dense"], strict=True))
            ratio = statistics.median(ratios)
            low, high = ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]
            line += f"{f'{ratio:.2f} ({low:.2f} to {high:.2f})':>25s}" + ("!" if limit and ratio > limit else " ")
            rows.append({"net": name, "way": way, "ratio": ratio, "quartiles": [low, high], "limit": limit})
            rows[-1] |= {"dense_s": dense, "repeats": REPEATS}
        print(line, flush=True)
    limits = ", ".join(f"{way} {limit:g}" for way, limit in LIMITS.items() if limit)
    print(f"(middle half of the ratios); ! is over its limit; limits: {limits}")
    if given.json:
        Path(given.json).write_text(json.dumps(rows, indent=1) + "\n")
    if any(row["limit"] and row["ratio"] > row["limit"] for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
