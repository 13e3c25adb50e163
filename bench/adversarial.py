"""Throughput of training under attack, beside its ideal, in one run.

``python bench/adversarial.py [--json FILE]`` takes steps of plain training and of training under an attack of n steps
in turn, again and again. A step under attack needs n + 1 passes forward and backward; at the speed of plain training
they would take n + 1 plain steps, which is the ideal. Plain training is that of the dense network on clean images, for
what is compressed, too: what factors, projections and quantisation cost counts against it. The ratio is the ideal's
time to ours; 0.95 is the least. CPU time of one thread; median of the repeats' ratios, with quartiles. A turn of
ATMC-8 is as many steps as lie between two quantisations. Images are random: no step depends on what is in them.
"""

import argparse
import json
import os
import random
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

import torch  # noqa: E402

from shiftpress.augmentations.clean import Clean  # noqa: E402
from shiftpress.classifiers.base import Classifier  # noqa: E402
from shiftpress.classifiers.caffe_lenet import CaffeLeNet  # noqa: E402
from shiftpress.classifiers.resnet import ResNet  # noqa: E402
from shiftpress.compressors.al0 import AdversarialProjection  # noqa: E402
from shiftpress.compressors.atmc import Atmc  # noqa: E402
from shiftpress.compressors.base import Form  # noqa: E402
from shiftpress.core.checkpoints import Checkpoints  # noqa: E402
from shiftpress.core.determinism import prepare  # noqa: E402
from shiftpress.core.recipe import AtmcFit  # noqa: E402
from shiftpress.core.splits import Split  # noqa: E402
from shiftpress.pruners.base import prunable  # noqa: E402
from shiftpress.training.adversarial import Hardening, HardRound, Shaped  # noqa: E402

NETS: dict[str, tuple[Classifier, tuple[int, int, int]]] = {
    "LeNet 28x28 grey": (CaffeLeNet(), (1, 28, 28)),
    "ResNet-8 32x32": (ResNet(depth=8), (3, 32, 32)),
}
ATTACK_STEPS, BATCH, RATIO, EVERY = 7, 128, 0.05, 10
LIMIT = 0.95
FORMS = {
    "dense": lambda weights: Form(weights),
    "al0": lambda weights: AdversarialProjection(ratios=[RATIO]).begin(weights, RATIO),
    "atmc32": lambda weights: Atmc(ratios=[RATIO]).begin(weights, RATIO),
    "atmc8": lambda weights: Atmc(ratios=[RATIO], bits=8, every=EVERY).begin(weights, RATIO),
}
TURNS = {"plain": ATTACK_STEPS + 1, "atmc8": EVERY}
"""Steps of a turn, where it is not one."""
WARM, REPEATS = 2, 11


def round_of(name: str, form: str, objective: str) -> HardRound:
    """A training under way."""
    classifier, shape = NETS[name]
    count, rng = 4 * BATCH, torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, *shape), generator=rng, dtype=torch.uint8)
    rows = torch.arange(count)
    split = Split(images, rows % 10, rows, rows)
    recipe = AtmcFit(epochs=1000, batch=BATCH, lr=1e-4, attack_steps=ATTACK_STEPS)
    lesson = Hardening("bench", "net", classifier, Clean(), recipe, split, split, 10, 0, objective=objective)
    net = lesson.untrained()
    work = HardRound(form, 0, net, Shaped(net, FORMS[form](prunable(net))), lesson)
    work.begin(Checkpoints("bench", ROOT / "work"))
    return work


def measure(name: str) -> dict[str, list[float]]:
    """CPU seconds of a step by way, one number per repeat."""
    rounds = {"plain": round_of(name, "dense", "natural")}
    rounds |= {form: round_of(name, form, "adversarial") for form in FORMS}
    for work in rounds.values():
        _seconds(work, WARM)
    found: dict[str, list[float]] = {way: [] for way in rounds}
    shuffle = random.Random(0)
    for _ in range(REPEATS):
        for way in shuffle.sample(list(rounds), len(rounds)):
            found[way].append(_seconds(rounds[way], TURNS.get(way, 1)))
    return found


def _seconds(work: HardRound, steps: int) -> float:
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
    rows = []
    for name in [given.net] if given.net else NETS:
        found = measure(name)
        plain = statistics.median(found["plain"])
        print(f"{name}: a plain step of {BATCH} images takes {1000 * plain:.1f} ms")
        for form in FORMS:
            pairs = zip(found["plain"], found[form], strict=True)
            ratios = sorted((ATTACK_STEPS + 1) * ideal / ours for ideal, ours in pairs)
            low, ratio, high = (ratios[place * (len(ratios) - 1) // 4] for place in (1, 2, 3))
            verdict = "ok" if ratio >= LIMIT else f"below {LIMIT:g}"
            print(f"  {form:8s}{ratio:6.2f} of the ideal ({low:.2f} to {high:.2f}) {verdict}", flush=True)
            ours = statistics.median(found[form])
            rows.append({"name": f"{name}, {form}", "ours": ours, "peer": (ATTACK_STEPS + 1) * plain, "ratio": ratio})
            rows[-1] |= {"limit": LIMIT, "unit": "s a step", "repeats": REPEATS, "spread": [low, high]}
    if given.json:
        Path(given.json).write_text(json.dumps(rows, indent=1) + "\n")
    if any(row["ratio"] < row["limit"] for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
