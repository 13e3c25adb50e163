"""Throughput of training under attack, beside its ideal, in one run.

``python bench/adversarial.py [--json FILE]`` takes steps of plain training and of training under an attack of n steps
in turn, again and again. A step under attack needs n + 1 passes forward and backward; at the speed of plain training
they would take n + 1 plain steps, which is the ideal. Plain training is that of the dense network on clean images, for
what is compressed, too: what factors, projections and quantisation cost counts against it. The ratio is the ideal's
time to ours; 0.95 is the least. A turn of ATMC-8 is as many steps as lie between two quantisations. Images are random:
no step depends on what is in them.
"""

import time
from functools import partial

import torch
from table import ROOT, Row, finish, options, row, turns

from shiftpress.augmentations.clean import Clean
from shiftpress.classifiers.base import Classifier
from shiftpress.classifiers.caffe_lenet import CaffeLeNet
from shiftpress.classifiers.resnet import ResNet
from shiftpress.compressors.al0 import AdversarialProjection
from shiftpress.compressors.atmc import Atmc
from shiftpress.compressors.base import Form
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.determinism import prepare
from shiftpress.core.recipe import AtmcFit
from shiftpress.core.splits import Split
from shiftpress.pruners.base import prunable
from shiftpress.training.adversarial import Hardening, HardRound, Shaped

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


def measure(name: str) -> list[Row]:
    """A row for each form."""
    rounds = {"plain": round_of(name, "dense", "natural")}
    rounds |= {form: round_of(name, form, "adversarial") for form in FORMS}
    for work in rounds.values():
        _seconds(work, WARM)
    ways = {way: partial(_seconds, work, TURNS.get(way, 1)) for way, work in rounds.items()}
    found = turns(ways, REPEATS, warm=0)
    ideal = [(ATTACK_STEPS + 1) * seconds for seconds in found["plain"]]
    peer = f"{ATTACK_STEPS + 1} plain steps of {BATCH} images"
    return [row(f"{name}, {form}", peer, "ms a step", found[form], ideal, least=LIMIT) for form in FORMS]


def _seconds(work: HardRound, steps: int) -> float:
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
