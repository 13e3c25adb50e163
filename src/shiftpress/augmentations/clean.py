"""No augmentation beyond crops and mirrors."""

import torch
from torch import Tensor

from shiftpress.augmentations.base import Augmentation


class Clean(Augmentation):
    """Images as they are; random crops and mirrors for natural ones."""

    title = "clean"

    def still(self, dataset: str) -> bool:
        return dataset not in self.natural

    def views(self, images: Tensor, random: torch.Generator) -> list[Tensor]:
        return [images]
