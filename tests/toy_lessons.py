"""A small task that every way to train a classifier can learn in a second."""

import torch

from shiftpress.augmentations.clean import Clean
from shiftpress.augmentations.gaussian import Gaussian
from shiftpress.classifiers.convs import ConvS
from shiftpress.core.recipe import CardFit
from shiftpress.core.splits import Split
from shiftpress.training.lessons import Lesson


def halves(count: int = 50, seed: int = 0) -> Split:
    """Noise whose upper half is brighter in every second image, which is its class."""
    rng = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 2
    images = torch.randint(0, 128, (count, 1, 32, 32), generator=rng, dtype=torch.uint8)
    images[labels == 1, :, :16] += 120
    return Split(images, labels, torch.arange(count), torch.arange(count))


def lesson(seed: int = 0, *, noisy: bool = False, norm: str = "affine", count: int = 50, **recipe: object) -> Lesson:
    """Two epochs of four steps, unless the recipe says otherwise."""
    return Lesson(
        dataset="toy",
        classifier_name="convs",
        classifier=ConvS(width=0.25, norm=norm),
        augmentation=Gaussian() if noisy else Clean(),
        recipe=CardFit(**{"epochs": 2, "batch": 16, "lr": 0.05} | recipe),
        train=halves(count),
        val=halves(40, seed=1),
        classes=2,
        seed=seed,
    )
