"""AutoAttack as we run it beside the package ``pyautoattack`` at its defaults: CPU time of one thread, and verdicts.

``python bench/autoattack.py [--folder DIR] [--ways package ours] [--images 500] [--parts 5] [--eps 0.1]`` trains a
LeNet against PGD on digits for a few epochs, attacks test images once in each way, and prints time, robust accuracies
and how many images are judged differently. Both have the package's defaults (100 steps, 9 classes, 5,000 queries,
batches of 250) and one seed. Ours lays the network out for the CPU, screens in bfloat16, confirms every find in float32
and attacks what is left with all four attacks in float32; ``unscreened`` leaves the screening out. Network and results
are kept in the folder, part by part of the images, which are the repeats: what was measured is not measured again,
unless no folder is named.
"""

import json
import logging
import shutil
import time
from pathlib import Path

import torch
from digits import Images, digits
from pyautoattack import AutoAttack as PackageAutoAttack
from table import ROOT, Row, finish, options, row
from torch import Tensor, nn
from torch.nn import functional as F

from shiftpress.assembly import build
from shiftpress.core.attackable import ready_for_attack
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.determinism import prepare
from shiftpress.core.tensors import read_tensors, write_tensors
from shiftpress.evaluation.adversarial import Shown, Target, attacked, correct

SEED = 0
LEAST, POINTS = 1.8, 0.5
SCREENS = {"ours": 20, "unscreened": 0}


def trained(train: Images, eps: float, epochs: int) -> nn.Module:
    """Half clean and half adversarial cross-entropy; PGD of 5 steps, the radius ramped up."""
    torch.manual_seed(SEED)
    net = build("classifiers", {"kind": "caffe_lenet"}).build((1, 28, 28), 10).to(memory_format=torch.channels_last)
    net.normalise.fit(train[0])
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    total, step = epochs * (len(train[0]) // 100), 0
    for _ in range(epochs):
        for rows in torch.randperm(len(train[0])).split(100):
            images, labels, radius = train[0][rows], train[1][rows], eps * min(1.0, 2 * step / total)
            moved = (images + radius * (2 * torch.rand_like(images) - 1)).clamp(0, 1)
            for _ in range(5):
                moved.requires_grad_()
                (gradient,) = torch.autograd.grad(F.cross_entropy(net(moved), labels), moved)
                moved = moved.detach() + radius / 2 * gradient.sign()
                moved = moved.clamp(images - radius, images + radius).clamp(0, 1)
            for group in optimizer.param_groups:
                group["lr"] = 1e-3 * (1 - step / (total + 1))
            optimizer.zero_grad()
            (F.cross_entropy(net(images), labels) + F.cross_entropy(net(moved), labels)).div(2).backward()
            optimizer.step()
            step += 1
    return net.eval()


def by_package(net: nn.Module, test: Images, eps: float) -> Tensor:
    """Which images withstand the package's standard version, at its defaults."""
    logging.getLogger("auto-attack").setLevel(logging.ERROR)
    attack = PackageAutoAttack(net, norm="Linf", eps=eps, seed=SEED, version="standard")
    _, said = attack.run_standard_evaluation(*test, batch_size=250)
    return said == test[1]


def by_us(net: nn.Module, test: Images, eps: float, folder: Path, screen: int) -> Tensor:
    """Which images withstand ours."""
    net = ready_for_attack(net)
    attack = build("attacks", {"kind": "autoattack", "eps": [eps], "screen": screen})
    shown, store = Shown(*test, torch.arange(len(test[1]))), Checkpoints("bench", folder / "work")
    store.discard()  # what a killed run left would not be paid for
    found = attacked(attack, eps, Target(net), shown, correct(net, shown, 250), SEED, 250, store, "auto")
    store.discard()
    return found.robust


def measured(way: str, images: Images, weights: Path, eps: float) -> dict:
    """CPU seconds, and which images withstand."""
    # torch's layout of a network that was just made: what the package's user would have
    net = build("classifiers", {"kind": "caffe_lenet"}).build((1, 28, 28), 10).eval()
    net.load_state_dict(read_tensors(weights))
    start = time.process_time()
    if way == "package":
        robust = by_package(net, images, eps)
    else:
        robust = by_us(net, images, eps, weights.parent, SCREENS[way])
    return {"cpu_s": time.process_time() - start, "robust": robust.int().tolist()}


def judged(found: dict[str, dict], way: str, parts: int, eps: float) -> list[Row]:
    """A way beside the package: time, and accuracy."""
    own, peer = ([found[f"{name}/{part}"] for part in range(parts)] for name in (way, "package"))
    ours, theirs = (torch.tensor([v for part in side for v in part["robust"]]).bool() for side in (own, peer))
    share = [100 * float(said.double().mean()) for said in (ours, theirs)]
    name = f"LeNet, radius {eps:g}, {share[1]:.1f} % of {len(ours)} withstand, {way}"
    print(f"{way}: only the package broke {int((ours & ~theirs).sum())}, only we broke {int((theirs & ~ours).sum())}")
    seconds = [[part["cpu_s"] for part in side] for side in (own, peer)]
    return [
        row(name, "pyautoattack", "ms an image", *seconds, len(ours) / parts, least=LEAST if way == "ours" else None),
        Row(f"{name}: accuracy above the peer's", f"{share[1]:.1f} %", "points", share[0] - share[1], most=POINTS),
    ]


def main() -> None:
    words = options(__doc__)
    words.add_argument("--folder", type=Path, help="for network and results; else one in work/bench")
    words.add_argument("--ways", nargs="*", default=["package", "ours"], choices=["package", *SCREENS])
    words.add_argument("--images", type=int, default=500)
    words.add_argument("--parts", type=int, default=5)
    words.add_argument("--eps", type=float, default=0.1)
    words.add_argument("--epochs", type=int, default=6)
    given = words.parse_args()
    prepare(1)
    folder = given.folder or ROOT / "work" / "bench" / "autoattack"
    if not given.folder:
        shutil.rmtree(folder, ignore_errors=True)
    train, test = digits(given.images)
    weights, results = folder / "net.safetensors", folder / "results.json"
    if not weights.exists():
        net = trained(train, given.eps, given.epochs)
        write_tensors(weights, net.state_dict(), "bench")
        print(f"trained: {100 * (net(test[0]).argmax(1) == test[1]).double().mean():.1f} % clean", flush=True)
    found = json.loads(results.read_text()) if results.exists() else {}
    for way, part in [(way, part) for part in range(given.parts) for way in given.ways]:
        if (key := f"{way}/{part}") in found:
            continue
        images = tuple(values.tensor_split(given.parts)[part] for values in test)
        found[key] = measured(way, images, weights, given.eps)
        results.write_text(json.dumps(found))
        robust = found[key]["robust"]
        print(f"{key}: {found[key]['cpu_s']:.1f} s CPU, {sum(robust)} of {len(robust)} images withstand", flush=True)
    rows = [judged(found, way, given.parts, given.eps) for way in given.ways if way != "package"]
    finish([one for pair in rows for one in pair], given)


if __name__ == "__main__":
    main()
