"""Where gates send photographs: which share goes to the Gaussian cards, by corruption and severity.

``python bench/routing.py --images ARCHIVE [--json FILE]`` needs no card: a gate learns from augmented training images
alone, and looks at test images alone. It takes training and test images out of an archive of 32x32 colour photographs,
shows batches of each corruption and severity to every gate in params.yaml that looks at batches, and prints the routing
matrix of one gate, and for all of them what claim C-16 asks: noise to the Gaussian cards, everything else to AugMix.
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests"), str(ROOT / "bench")]

import torch  # noqa: E402
from corruptions import pictures  # noqa: E402
from torch import Tensor  # noqa: E402

from shiftpress.assembly import build  # noqa: E402
from shiftpress.core.catalog import component  # noqa: E402
from shiftpress.core.determinism import prepare  # noqa: E402
from shiftpress.core.splits import Split  # noqa: E402
from shiftpress.evaluation.hands import bank_of  # noqa: E402
from shiftpress.gates.base import BatchGate, Seen  # noqa: E402
from shiftpress.loading import load_study  # noqa: E402
from shiftpress.shifts.base import Others  # noqa: E402

NOISE = ("gaussian_noise", "shot_noise", "impulse_noise")
REST = (
    "defocus_blur", "glass_blur", "motion_blur", "zoom_blur", "snow", "frost", "fog", "brightness", "contrast",
    "elastic_transform", "pixelate", "jpeg_compression",
)  # fmt: skip
GROUPS = ("augmix", "gaussian")
LIKE = "cifar10"
"""The dataset whose crops and mirrors the augmentations make."""
Cell = tuple[str, int]


def split(images: Tensor) -> Split:
    """uint8 images (N, C, H, W) without labels."""
    rows = torch.arange(len(images))
    return Split(images, torch.zeros_like(rows), rows, rows)


def cells(test: Split) -> dict[Cell, Tensor]:
    """Test images under every corruption and severity, (N, C, H, W) in [0, 1]."""
    found = {("clean", 0): test.pixels}
    for kind in (*NOISE, *REST):
        for severity in range(1, 6):
            found[kind, severity] = component("shifts", kind)().shift(test, severity, severity, Others()).pixels
    return found


def routed(gate: BatchGate, bank: dict[str, Tensor], shown: dict[Cell, Tensor]) -> dict[int, dict[Cell, float]]:
    """The share of the Gaussian cards by size of the batch and cell."""
    kept, found = gate.learn(bank), {size: {} for size in gate.sizes}
    for cell, images in shown.items():
        features = gate.look(images)
        for size in gate.sizes:
            weights = gate.weights(Seen(GROUPS, features, size, torch.Generator()), kept)
            found[size][cell] = float(weights[:, 1].double().mean())
    return found


def summary(shares: dict[Cell, float]) -> dict[str, float]:
    """The worst cell and the mean of each kind: how much goes where it is wanted."""
    noise = [share for (kind, severity), share in shares.items() if kind in NOISE and severity >= 3]
    mild = [share for (kind, severity), share in shares.items() if kind in NOISE and severity < 3]
    strong = [1 - share for (kind, severity), share in shares.items() if kind in REST and severity >= 3]
    rest = [1 - share for (kind, _), share in shares.items() if kind in REST]
    return {
        "noise, severity 3 to 5": sum(noise) / len(noise),
        "worst cell of it": min(noise),
        "noise, severity 1 and 2": sum(mild) / len(mild),
        "rest, severity 3 to 5": sum(strong) / len(strong),
        "rest, all": sum(rest) / len(rest),
        "worst cell of the rest": min(rest),
        "clean": 1 - shares["clean", 0],
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--images", required=True, help="archive of class folders of photographs")
    options.add_argument("--train", type=int, default=2000, help="images that gates learn from")
    options.add_argument("--test", type=int, default=1000, help="images that are routed")
    options.add_argument("--gate", default="spectral", help="whose matrix is printed")
    options.add_argument("--json", help="file for the numbers")
    given = options.parse_args()
    prepare(1)
    images = torch.from_numpy(pictures(given.images, given.train + given.test))
    params = load_study([str(ROOT / "params.yaml")])
    augmentations = {name: build("augmentations", params.augmentations[name]) for name in GROUPS}
    bank = bank_of(split(images[: given.train]), LIKE, augmentations, given.train, 0)
    shown, rows = cells(split(images[given.train :])), {}
    for name, entry in params.gates.items():
        gate = build("gates", entry)
        if isinstance(gate, BatchGate):
            rows[name] = routed(gate, bank, shown)
    print(f"share of {given.gate} that goes to the Gaussian cards, in percent; {given.test} test images a cell")
    sizes = list(rows[given.gate])
    print(f"{'':20s}" + "".join(f"{f'batches of {size}':>27s}" for size in sizes))
    for kind in ("clean", *NOISE, *REST):
        severities = [0] if kind == "clean" else range(1, 6)
        parts = ["".join(f"{100 * rows[given.gate][size][kind, s]:5.0f}" for s in severities) for size in sizes]
        print(f"{kind:20s}" + "".join(f"{part:>27s}" for part in parts))
    print("share that goes where it is wanted: noise to Gaussian, the rest to AugMix")
    for name, by_size in rows.items():
        for size, shares in by_size.items():
            print(f"{name:16s}{size:5d}  " + ", ".join(f"{k} {v:.3f}" for k, v in summary(shares).items()))
    if given.json:
        whole = {name: {size: summary(shares) for size, shares in found.items()} for name, found in rows.items()}
        Path(given.json).write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    main()
