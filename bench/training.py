"""Cost of a training step of sparse networks, and of one with a teacher, beside a plain one, in one run.

``python bench/training.py [--json FILE]`` takes a few steps of each way in turn, again and again, and prints for every
network and sparse way the milliseconds of a step beside those of a dense one. Masked training may cost 1.15 times a
dense step and edge-popup 1.2 times (ratios of 0.87 and 0.83); biprop, which also scales its weights anew, has no limit.
A step that a teacher of the same size helps with may cost 1.1 times if what it says is kept; asked anew in every step,
it has no limit. Images are random: no step depends on what is in them.
"""

import time
from dataclasses import replace
from functools import partial

import torch
from table import ROOT, Row, finish, options, row, turns

from shiftpress.augmentations.clean import Clean
from shiftpress.classifiers.base import Classifier
from shiftpress.classifiers.convn import ConvN
from shiftpress.classifiers.convs import ConvS
from shiftpress.classifiers.resnet import ResNet
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.determinism import prepare
from shiftpress.core.recipe import CardFit, EdgeFit
from shiftpress.core.splits import Split
from shiftpress.pruners.base import largest, prunable
from shiftpress.pruners.biprop import Biprop
from shiftpress.pruners.edge_popup import EdgePopup
from shiftpress.training.lessons import Lesson
from shiftpress.training.popup import Popup
from shiftpress.training.rounds import Round
from shiftpress.training.sparse import Masked
from shiftpress.training.taught import Taught

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


def measure(name: str) -> list[Row]:
    """A row for each way but the dense one."""
    rounds = ways_of(lesson_of(name))
    warm = [_seconds(work, WARM) for work in rounds.values()]
    steps = max(1, round(TURN_S / warm[0]))
    found = turns({way: partial(_seconds, work, steps) for way, work in rounds.items()}, REPEATS, warm=0)
    made = []
    for way, limit in LIMITS.items():
        least = 1 / limit if limit else None
        dense = found["dense"]
        made.append(row(f"{name}, {way}", "a dense step", "ms a step", found[way], dense, least=least))
    return made


def _seconds(work: Round, steps: int) -> float:
    start = time.process_time()
    for _ in range(steps):
        work.step()
    return (time.process_time() - start) / steps


def main() -> None:
    words = options(__doc__)
    words.add_argument("--net", choices=NETS, help="this network only")
    given = words.parse_args()
    prepare(1)
    finish([one for name in ([given.net] if given.net else NETS) for one in measure(name)], given)


if __name__ == "__main__":
    main()
