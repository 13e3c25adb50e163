"""Training of classifiers as the rounds do it, beside plain eager training in float32, in one run.

``python bench/plain.py [--json FILE]`` takes steps of each way in turns: torch's memory order, float32 and
``torch.optim.SGD`` for the peer; channels last for ours, once in float32 and once with ``autocast: true``. Each has a
process of its own, ours prepared as a job's is and the peer's as Python starts it, but for one thread. Then each way
trains ConvS on 4,000 digits from the same first weights and in the same order, with several seeds; mean test accuracy
is to be no more than 0.3 points below the peer's.
"""

import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing import get_context

import torch
from digits import digits
from machine import peak, work
from table import ROOT, Row, finish, options, row, turns
from torch import nn
from torch.nn import functional as F

from shiftpress.augmentations.clean import Clean
from shiftpress.classifiers.base import Classifier
from shiftpress.classifiers.caffe_lenet import CaffeLeNet
from shiftpress.classifiers.convn import ConvN
from shiftpress.classifiers.convs import ConvS
from shiftpress.classifiers.resnet import ResNet
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.determinism import prepare
from shiftpress.core.recipe import CardFit
from shiftpress.core.splits import Split
from shiftpress.training.lessons import Lesson
from shiftpress.training.rounds import Round
from shiftpress.training.schedules import step_size
from shiftpress.training.sparse import Masked

NETS: dict[str, tuple[Classifier, tuple[int, int, int], int, float | None]] = {
    "LeNet 28x28 grey": (CaffeLeNet(), (1, 28, 28), 12, None),
    "ConvS 32x32 grey": (ConvS(), (1, 32, 32), 16, 2.0),
    "ResNet-8 32x32": (ResNet(depth=8), (3, 32, 32), 2, 2.0),
    "Conv4 32x32": (ConvN(), (3, 32, 32), 2, 2.0),
}
"""Network, shape of its images, steps of a turn, and the least ratio with autocast. A turn takes a tenth of a second
or more: a few milliseconds would be those in which a process finds its data in no cache."""
BATCH, REPEATS = 64, 7
SEEDS, EPOCHS, TESTED, POINTS = 5, 4, 1000, 0.3


def lesson_of(classifier: Classifier, split: Split, seed: int, *, autocast: bool) -> Lesson:
    """What is trained, by the recipe's defaults."""
    recipe = CardFit(epochs=EPOCHS, batch=BATCH, lr=0.02, autocast=autocast)
    return Lesson("bench", "net", classifier, Clean(), recipe, split, split, 10, seed)


class Plain:
    """What one would write without this project: the peer. First weights and order of images are those of a lesson."""

    def __init__(self, lesson: Lesson):
        self.lesson, self.net = lesson, lesson.untrained().to(memory_format=torch.contiguous_format)
        recipe = lesson.recipe
        settings = {"momentum": recipe.momentum, "nesterov": True, "weight_decay": recipe.weight_decay}
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=recipe.lr, **settings)
        self.images, self.labels = lesson.train.images.float() / 255, lesson.train.labels
        self.like = begun(lesson)  # for its order alone
        self.total, self.taken = self.like.total, 0
        self.net.train()

    def step(self) -> None:
        rows = self.like._batches.next()
        for group in self.optimizer.param_groups:
            group["lr"] = step_size(self.lesson.recipe, self.like.span, self.taken, self.total)
        self.optimizer.zero_grad()
        F.cross_entropy(self.net(self.images[rows]), self.labels[rows]).backward()
        self.optimizer.step()
        self.taken += 1


def begun(lesson: Lesson) -> Round:
    """Ours, under way."""
    net = lesson.untrained()
    found = Round("bench", 0, net, Masked(net, {}), lesson)
    found.begin(Checkpoints("bench", ROOT / "work"))
    return found


WAYS: dict[str, Callable] = {
    "float32": lambda c, split, seed: begun(lesson_of(c, split, seed, autocast=False)),
    "autocast": lambda c, split, seed: begun(lesson_of(c, split, seed, autocast=True)),
    "peer": lambda c, split, seed: Plain(lesson_of(c, split, seed, autocast=False)),
}


UNDER_WAY: list[Round | Plain] = []
"""What a way's own process trains."""


def begin(way: str, name: str) -> None:
    """A way's own process; images are random, as no step depends on what is in them."""
    torch.set_num_threads(1) if way == "peer" else prepare(1)
    classifier, shape, *_ = NETS[name]
    rows, rng = torch.arange(4 * BATCH), torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (len(rows), *shape), generator=rng, dtype=torch.uint8)
    UNDER_WAY.append(WAYS[way](classifier, Split(images, rows % 10, rows, rows), 0))


def steps(count: int) -> float:
    """CPU seconds of steps in it."""
    start = time.process_time()
    for _ in range(count):
        UNDER_WAY[0].step()
    return time.process_time() - start


def speed(name: str) -> list[Row]:
    """A row for each of our ways."""
    classifier, shape, count, least = NETS[name]
    with ExitStack() as held:
        spawn = get_context("spawn")
        pools = {way: held.enter_context(spawn.Pool(1, begin, (way, name))) for way in WAYS}
        found = turns({way: lambda way=way: pools[way].apply(steps, (count,)) for way in WAYS}, REPEATS, warm=2)
    operations = 3 * work(classifier.build(shape, 10).eval(), shape)
    made = []
    for way, kind in (("float32", torch.float32), ("autocast", torch.bfloat16)):
        more = {"limit": peak(kind) / operations, "bound": f"operations at the peak of {kind}".replace("torch.", "")}
        more["least"] = least if way == "autocast" else None
        given = (f"{name}, {way}", "plain float32", "images/s", found[way], found["peer"], count * BATCH)
        made.append(row(*given, **more))
    return made


def accuracy() -> list[Row]:
    """How far below the peer's test accuracy each way is, in points; means over seeds."""
    (images, labels), (shown, truth) = digits(TESTED, 32)
    rows = torch.arange(len(labels))
    split = Split((images * 255).round().to(torch.uint8), labels, rows, rows)
    scores: dict[str, list[float]] = {way: [] for way in WAYS}
    for seed in range(SEEDS):
        for way, make in WAYS.items():
            work = make(ConvS(), split, seed)
            for _ in range(work.total):
                work.step()
            scores[way].append(100 * _accuracy(work.net, shown, truth))
    means = {way: statistics.mean(values) for way, values in scores.items()}
    return [
        Row(f"ConvS on digits, {way}: accuracy below the peer's", f"{means['peer']:.2f} %, {SEEDS} seeds", "points",
            means["peer"] - means[way], repeats=SEEDS, most=POINTS)
        for way in ("float32", "autocast")
    ]  # fmt: skip


@torch.no_grad()
def _accuracy(net: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    return float((net.eval()(images).argmax(1) == labels).double().mean())


def main() -> None:
    given = options(__doc__).parse_args()
    prepare(1)
    finish([*(one for name in NETS for one in speed(name)), *accuracy()], given)


if __name__ == "__main__":
    main()
