"""The nine image operations of AugMix that are not test corruptions, for batches.

Written from the definitions in Pillow's ImageOps, which AugMix names. Tones are 8-bit there, so images are rounded to
256 levels first. A level is uniform on (0.1, severity) and scales each operation's range by a tenth.
"""

import torch
from torch import Tensor

from shiftpress.core.affine import rotation, rows, warp


def autocontrast(tones: Tensor, levels: Tensor) -> Tensor:
    """Stretch each channel from its darkest to its brightest tone over 0..255."""
    low, high = tones.amin((2, 3), keepdim=True), tones.amax((2, 3), keepdim=True)
    scale = 255.0 / (high - low).clamp_min(1).double()
    stretched = (tones * scale - low * scale).long().clamp(0, 255)
    return torch.where(high > low, stretched, tones)


def equalize(tones: Tensor, levels: Tensor) -> Tensor:
    """Map the tones of each channel so that their histogram becomes flat."""
    flat = tones.flatten(2).flatten(0, 1)
    counts = flat.new_zeros(len(flat), 256).scatter_add_(1, flat, torch.ones_like(flat))
    brightest = counts.gather(1, flat.amax(1, keepdim=True))
    step = (flat.shape[1] - brightest) // 255
    below = counts.cumsum(1) - counts
    table = ((below + step // 2) // step.clamp_min(1)).clamp(0, 255)
    return torch.where(step > 0, table.gather(1, flat), flat).view_as(tones)


def posterize(tones: Tensor, levels: Tensor) -> Tensor:
    """Keep the 4, 3, 2 or 1 highest bits."""
    dropped = 4 + (levels * 4 / 10).long()
    return (tones >> dropped[:, None, None, None]) << dropped[:, None, None, None]


def solarize(tones: Tensor, levels: Tensor) -> Tensor:
    """Invert tones from a threshold on."""
    threshold = 256 - (levels * 256 / 10).long()
    return torch.where(tones < threshold[:, None, None, None], tones, 255 - tones)


TONES = {"autocontrast": autocontrast, "equalize": equalize, "posterize": posterize, "solarize": solarize}
MOVES = ("rotate", "shear_x", "shear_y", "translate_x", "translate_y")
OPERATIONS = (*TONES, *MOVES)


def apply(images: Tensor, which: Tensor, levels: Tensor, signs: Tensor) -> Tensor:
    """Images (N, C, H, W) in [0, 1], each under the operation (N,) of its own, at its level (N,) and sign (N,)."""
    out = images.clone()
    for number, operation in enumerate(TONES.values()):
        chosen = (which == number).nonzero().flatten()
        if len(chosen):
            tones = (images[chosen] * 255).round().long()
            out[chosen] = operation(tones, levels[chosen]).to(images.dtype) / 255
    chosen = (which >= len(TONES)).nonzero().flatten()
    if len(chosen):
        matrices = _matrices(images[chosen], which[chosen] - len(TONES), levels[chosen], signs[chosen])
        out[chosen] = warp(images[chosen], matrices, "bilinear")
    return out


def _matrices(images: Tensor, which: Tensor, levels: Tensor, signs: Tensor) -> Tensor:
    """The affine map of each image: turns up to 30 degrees, shears up to 0.3, moves up to a third of the side."""
    degrees = (levels * 30 / 10).floor() * signs
    shear = levels * 0.3 / 10 * signs
    sides = torch.tensor([images.shape[3], images.shape[2]], device=images.device)
    # positions run from -1 to 1, so a pixel is 2 / side wide
    moves = (levels[:, None] * (sides // 3) / 10).floor() * signs[:, None] * 2 / sides
    none = torch.zeros_like(shear)
    maps = [
        rotation(degrees, images),
        rows(1, shear, 0, 0, 1, 0, like=images),
        rows(1, 0, 0, shear, 1, 0, like=images),
        rows(1, 0, moves[:, 0], 0, 1, none, like=images),
        rows(1, 0, none, 0, 1, moves[:, 1], like=images),
    ]
    return torch.stack(maps)[which, torch.arange(len(images), device=images.device)]
