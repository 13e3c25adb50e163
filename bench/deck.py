"""Throughput of a deck beside that of one card, in one run.

``python bench/deck.py [--json FILE]`` classifies made-up images with one card and with a deck of six, three of each of
two augmentations, in turn, again and again. For every gate it prints images per second of CPU time of one thread, how
many cards an image goes through, and the median of the paired ratios to what one card would do if it had to be run that
often: the rest is what gates, averages and copies cost. The ratio is to be at least 0.9. The last line runs all six
cards as one stacked network (torch.func), to see whether that would be faster.
"""

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

import torch  # noqa: E402

from shiftpress.augmentations.augmix import AugMix  # noqa: E402
from shiftpress.augmentations.gaussian import Gaussian  # noqa: E402
from shiftpress.classifiers.base import Classifier  # noqa: E402
from shiftpress.classifiers.convs import ConvS  # noqa: E402
from shiftpress.classifiers.resnet import ResNet  # noqa: E402
from shiftpress.core.decks import Deck  # noqa: E402
from shiftpress.core.determinism import prepare  # noqa: E402
from shiftpress.core.splits import Split  # noqa: E402
from shiftpress.evaluation.deployed import classify  # noqa: E402
from shiftpress.evaluation.hands import laid_out, varied  # noqa: E402
from shiftpress.gates.learned import Learned  # noqa: E402
from shiftpress.gates.spectral import Spectral  # noqa: E402
from shiftpress.gates.uniform import Uniform  # noqa: E402
from shiftpress.packing.card import pack  # noqa: E402

NETS: dict[str, tuple[Classifier, str, tuple[int, int, int], int]] = {
    "ConvS 32x32 grey": (ConvS(), "convs", (1, 32, 32), 500),
    "ResNet-8 32x32": (ResNet(depth=8), "resnet", (3, 32, 32), 250),
}
"""Network, its kind, shape of its images, images classified at a time."""
GATES = {"uniform": Uniform(), "spectral": Spectral(), "radial": Spectral(feature="radial"), "learned": Learned()}
DECK = Deck(cards=["net/augmix/dense", "net/gaussian/dense"], copies=3)
LIMIT = 0.9
BATCH = 100
"""Images that a gate sees at once."""
REPEATS, FEW = 25, 3
"""Turns of each way; stacked networks are slow and have no limit."""


def pictures(count: int, shape: tuple[int, int, int]) -> torch.Tensor:
    """Smooth images, half of them noisy, (N, C, H, W) in [0, 1]."""
    rng = torch.Generator().manual_seed(0)
    smooth = torch.nn.functional.interpolate(torch.rand(count, shape[0], 4, 4, generator=rng), size=shape[1:])
    noise = 0.2 * torch.randn(smooth.shape, generator=rng)
    noise[: count // 2] = 0
    return (smooth + noise).clamp(0, 1)


def measure(name: str) -> dict[str, tuple[list[float], float]]:
    """Seconds an image and cards an image, by way, one number per repeat."""
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
    found: dict[str, list[float]] = {way: [] for way in ways}
    for way, _ in ways.values():
        way()
    shuffle = random.Random(0)
    for turn in range(REPEATS):
        # in another order each time, so that no way always follows the same other
        for way in shuffle.sample(list(ways), len(ways)):
            if way == "stacked" and turn >= FEW:
                continue
            start = time.process_time()
            ways[way][0]()
            found[way].append((time.process_time() - start) / count)
    return {way: (found[way], used) for way, (_, used) in ways.items()}


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
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--json", help="file for the numbers")
    given = options.parse_args()
    prepare(1)
    rows = []
    for name in NETS:
        found = measure(name)
        alone = found["one card"][0]
        print(f"{name}: one card {1 / statistics.median(alone):.0f} images/s")
        for way, (seconds, used) in list(found.items())[1:]:
            ratios = sorted(used * base / own for own, base in zip(seconds, alone, strict=False))
            ratio = statistics.median(ratios)
            low, high = ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]
            limit = None if way == "stacked" else LIMIT
            speed = f"{1 / statistics.median(seconds):8.0f} images/s, {used:.0f} cards an image"
            print(f"  {way:10s}{speed}, ratio {ratio:.2f} ({low:.2f} to {high:.2f})", end="")
            print("  BELOW ITS LIMIT" if limit and ratio < limit else "", flush=True)
            rows.append({"net": name, "way": way, "ratio": ratio, "quartiles": [low, high], "limit": limit})
            rows[-1] |= {"single_s": statistics.median(alone), "cards": used, "repeats": REPEATS}
    print(f"(middle half of the ratios); limit {LIMIT} of one card's throughput by the number of cards")
    if given.json:
        Path(given.json).write_text(json.dumps(rows, indent=1) + "\n")
    if any(row["limit"] and row["ratio"] < row["limit"] for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
