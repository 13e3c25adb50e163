"""How far made frost moves images beside the published photographs of ice.

``python bench/frost.py --images ARCHIVE`` prints mean and variance of the displacement, in levels, at each severity.
The photographs are those of imagecorruptions, in the environment of the peers, brought to a fifth of their size as the
maker of CIFAR-10-C does: by linear interpolation, which at a fifth takes every fifth pixel.
"""

import argparse
from pathlib import Path

import environment
import numpy as np
import torch
from corruptions import pictures
from PIL import Image

from shiftpress.core.draws import Draws
from shiftpress.shifts.frost import Frost

NAMES = ("frost1.png", "frost2.png", "frost3.png", "frost4.jpg", "frost5.jpg")
COUNT = 40_000
"""Images to take means over; one lies under one of five photographs, so that it takes many to know a variance."""


def photographs() -> list[np.ndarray]:
    """Five arrays (H, W, 3) of levels; H and W differ."""
    environment.python()
    (folder,) = environment.HOME.glob("lib/python3*/site-packages/imagecorruptions/frost")
    return [np.asarray(Image.open(Path(folder, name)).convert("RGB"))[2::5, 2::5] for name in NAMES]


def published(images: np.ndarray, ice: list[np.ndarray], image: float, cover: float, seed: int) -> np.ndarray:
    """Images (N, 3, H, W) uint8 under random parts of the photographs."""
    rng, done, (height, width) = np.random.default_rng(seed), np.empty_like(images), images.shape[2:]
    for number, levels in enumerate(images):
        photograph = ice[rng.integers(len(ice))]
        top, left = rng.integers(0, [photograph.shape[0] - height, photograph.shape[1] - width])
        part = photograph[top : top + height, left : left + width].transpose(2, 0, 1)
        done[number] = np.clip(image * levels + cover * part, 0, 255)
    return done


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--images", help="archive or folder of photographs, <class>/<image>; made ones otherwise")
    torch.set_num_threads(1)
    images, ice = np.resize(pictures(options.parse_args().images, 1000), (COUNT, 3, 32, 32)), photographs()
    floats, frost = torch.from_numpy(images).float() / 255, Frost(constants="cifar")
    for severity, constants in enumerate(Frost.table["cifar"], 1):
        made = frost.apply(floats, severity, Draws(severity, torch.arange(COUNT))).mul_(255).round_().numpy()
        ours, theirs = made - images, published(images, ice, *constants, severity) - images.astype(np.float32)
        (mean, variance), (known, spread) = (
            (moved.mean(dtype=float), moved.var(dtype=float)) for moved in (ours, theirs)
        )
        print(
            f"severity {severity}: mean {mean:.2f}, published {known:.2f} ({100 * (mean / known - 1):+.2f} %);", end=" "
        )
        print(f"variance {variance:.2f}, published {spread:.2f} ({100 * (variance / spread - 1):+.2f} %)")


if __name__ == "__main__":
    main()
