"""Throughput of a deck beside that of one card, in one run.

``python bench/deck.py [--json FILE]`` classifies made-up images with one card and with a deck of six, three of each of
two augmentations, in turn, again and again. For every gate it prints images per second of CPU time of one thread, how
many cards an image goes through, and the median of the paired ratios to what one card would do if it had to be run that
often: the rest is what gates, averages and copies cost. The ratio is to be at least 0.9. The last line runs all six
cards as one stacked network (torch.func), to see whether that would be faster.
"""

import time
from collections.abc import Callable

import torch
from table import Row, finish, options, row, turns

from shiftpress.augmentations.augmix import AugMix
from shiftpress.augmentations.gaussian import Gaussian
from shiftpress.classifiers.base import Classifier
from shiftpress.classifiers.convs import ConvS
from shiftpress.classifiers.resnet import ResNet
from shiftpress.core.decks import Deck
from shiftpress.core.determinism import prepare
from shiftpress.core.splits import Split
from shiftpress.evaluation.deployed import classify
from shiftpress.evaluation.hands import laid_out, varied
from shiftpress.gates.learned import Learned
from shiftpress.gates.spectral import Spectral
from shiftpress.gates.uniform import Uniform
from shiftpress.packing.card import pack

NETS: dict[str, tuple[Classifier, str, tuple[int, int, int], int]] = {
    "ConvS 32x32 grey": (ConvS(), "convs", (1, 32, 32), 2000),
    "ResNet-8 32x32": (ResNet(depth=8), "resnet", (3, 32, 32), 500),
}
"""Network, its kind, shape of its images, images classified at a time."""
GATES = {"uniform": Uniform(), "spectral": Spectral(), "radial": Spectral(feature="radial"), "learned": Learned()}
DECK = Deck(cards=["net/augmix/dense", "net/gaussian/dense"], copies=3)
LIMIT = 0.9
BATCH = 100
"""Images that a gate sees at once."""
REPEATS = 11


def pictures(count: int, shape: tuple[int, int, int]) -> torch.Tensor:
    """Smooth images, half of them noisy, (N, C, H, W) in [0, 1]."""
    rng = torch.Generator().manual_seed(0)
    smooth = torch.nn.functional.interpolate(torch.rand(count, shape[0], 4, 4, generator=rng), size=shape[1:])
    noise = 0.2 * torch.randn(smooth.shape, generator=rng)
    noise[: count // 2] = 0
    return (smooth + noise).clamp(0, 1)


def measure(name: str) -> list[Row]:
    """A row for each gate, and one for the stacked network."""
    classifier, kind, shape, count = NETS[name]
    images = pictures(count, shape)
    rows = torch.arange(count)
    train = Split((images * 255).round().to(torch.uint8), rows % 10, rows, rows)
    fields, files = classifier.model_dump(mode="json"), {}
    for number, member in enumerate(DECK.members):
        torch.manual_seed(number)
        files[member.key] = pack(classifier.build(shape, 10).state_dict(), kind, fields, shape, 10)
    bank = varied(train, "bench", {"augmix": AugMix(), "gaussian": Gaussian()}, 0)
    table = laid_out(files, {"deck": DECK}, GATES, bank)
    (dealt,), one = table.decks, next(iter(table.nets.values()))
    ready = images.contiguous(memory_format=torch.channels_last)
    rng = torch.Generator()

    def single() -> None:
        with torch.no_grad():
            for chunk in ready.split(250):
                one(chunk)

    ways: dict[str, tuple[Callable[[], object], float]] = {"one card": (single, 1.0)}
    for gate in GATES:
        used = 6.0 if gate == "uniform" else 3.0
        ways[gate] = (lambda gate=gate: classify(table, dealt, gate, BATCH, images, rng), used)
    ways["stacked"] = (stacked(list(table.nets.values()), ready), 6.0)
    found = turns({way: lambda run=run: _seconds(run) / count for way, (run, _) in ways.items()}, REPEATS)
    made = []
    for way, (_, used) in list(ways.items())[1:]:
        alone = [used * seconds for seconds in found["one card"]]
        peer = f"one card, {used:.0f} times"
        least = None if way == "stacked" else LIMIT
        made.append(row(f"{name}, {way}", peer, "images/s", found[way], alone, least=least))
    return made


def _seconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def stacked(nets: list[torch.nn.Module], images: torch.Tensor) -> Callable[[], object]:
    """All cards as one network whose weights have one more dimension."""
    weights, buffers = torch.func.stack_module_state(nets)
    run = torch.func.vmap(
        lambda w, b, x: torch.func.functional_call(nets[0], (w, b), (x,)), in_dims=(0, 0, None), randomness="error"
    )

    def all_at_once() -> None:
        with torch.no_grad():
            for chunk in images.split(250):
                run(weights, buffers, chunk)

    return all_at_once


def main() -> None:
    given = options(__doc__).parse_args()
    prepare(1)
    finish([one for name in NETS for one in measure(name)], given)


if __name__ == "__main__":
    main()
