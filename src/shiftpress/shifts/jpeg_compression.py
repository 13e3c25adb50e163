"""JPEG compression."""

import torch
from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import Corruption


class JpegCompression(Corruption):
    """JPEG at quality c, colour at half the resolution (Hendrycks and Dietterich 2019).

    The library behind torchvision and Pillow is the same, and so are the images. It works on the CPU.
    """

    title = "JPEG"
    fidelity = "exact"
    table = {
        "cifar": (80, 65, 58, 50, 40),
        "imagenet": (25, 18, 15, 10, 7),
        "mnist": (80, 65, 58, 50, 40),
    }

    def corrupt(self, levels: Tensor, constants: int, draws: Draws) -> Tensor:
        # torchvision takes two seconds to import, and only who compresses needs it
        from torchvision.io import ImageReadMode, decode_jpeg, encode_jpeg

        files = encode_jpeg(list(levels.byte().cpu()), quality=constants)
        mode = ImageReadMode.GRAY if levels.shape[1] == 1 else ImageReadMode.RGB
        return torch.stack([decode_jpeg(file, mode) for file in files]).to(levels)
