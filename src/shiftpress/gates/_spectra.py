"""Spectra of images, and how far they are from each other."""

from functools import cache
from typing import Literal

import torch
from torch import Tensor

Feature = Literal["log_amplitude", "radial", "high"]
Distance = Literal["l2", "cosine", "kl"]
CHUNK = 1000
"""Images whose spectra are made at once; bounds memory."""


def spectra(images: Tensor, feature: Feature) -> Tensor:
    """Logarithms of amplitudes of images (N, C, H, W), mean over channels, as rows (N, D).

    ``log_amplitude`` is the whole plane, log(1 + |FFT2(x - mean)|), H W numbers in the order of fft2. ``radial`` are
    its means over rings of whole radii, up to half the shorter side, beyond which all is in the last ring. ``high`` is
    the outer half of the rings.
    """
    half, (height, width) = half_planes(images), images.shape[2:]
    if feature == "log_amplitude":
        return whole(half, width)
    means = half.flatten(1) @ _rings(height, width).to(half.device)
    return means[:, means.shape[1] // 2 :] if feature == "high" else means


def half_planes(images: Tensor) -> Tensor:
    """Of images (N, C, H, W): ``log_amplitude`` of the half plane that the other half mirrors, (N, H, W // 2 + 1)."""
    parts = [_half(chunk) for chunk in images.split(CHUNK)]
    return (parts[0] if len(parts) == 1 else torch.cat(parts)).unflatten(1, (images.shape[2], -1))


def whole(half: Tensor, width: int) -> Tensor:
    """Half planes (N, H, W // 2 + 1) as planes of this width, (N, H W)."""
    return half.flatten(1).index_select(1, _mirror(half.shape[1], width).to(half.device))


def distances(rows: Tensor, others: Tensor, distance: Distance) -> Tensor:
    """Of every row (N, D) to every other (R, D): (N, R).

    ``l2`` is the root of the mean square difference, ``cosine`` one less the cosine of the angle, and ``kl`` the
    Kullback-Leibler divergence of the normalised powers, in nats.
    """
    rows, others = rows.double(), others.double()
    if distance == "l2":
        return torch.cdist(rows, others, compute_mode="donot_use_mm_for_euclid_dist") / rows.shape[1] ** 0.5
    if distance == "cosine":
        return 1 - _unit(rows) @ _unit(others).T
    own, their = _powers(rows), _powers(others)
    return (own * own.log()).sum(1, keepdim=True) - own @ their.log().T


def _half(images: Tensor) -> Tensor:
    """Of images (N, C, H, W): (N, H (W // 2 + 1)); the other half of a real image's spectrum mirrors this one.

    Half the plane and no complex modulus: three times as fast as the whole (measured). Nor torch.hypot, which is slower
    than squares and a root; amplitudes of images in [0, 1] are far from where squares overflow.
    """
    squares = torch.view_as_real(torch.fft.rfft2(images)).square()
    logs = (squares[..., 0] + squares[..., 1]).sqrt().log1p()  # not in place: attacks ask for gradients
    logs[..., 0, 0] = 0  # the mean of the image
    return (logs.mean(1) if images.shape[1] > 1 else logs[:, 0]).flatten(1)


@cache
def _mirror(height: int, width: int) -> Tensor:
    """Where in the half plane each frequency of the plane is, flat."""
    down, across = torch.arange(height)[:, None], torch.arange(width)[None]
    beyond = across > width // 2
    row = torch.where(beyond, -down % height, down)
    return (row * (width // 2 + 1) + torch.where(beyond, width - across, across)).flatten()


@cache
def _rings(height: int, width: int) -> Tensor:
    """What each number of the half plane adds to the mean of each ring, (H (W // 2 + 1), rings)."""
    down, across = (torch.fft.fftfreq(side) * side for side in (height, width))
    radius = (down[:, None] ** 2 + across[None] ** 2).sqrt().round().long().clamp_max(min(height, width) // 2)
    ring = torch.nn.functional.one_hot(radius.flatten()).double()
    half = torch.zeros(height * (width // 2 + 1), ring.shape[1], dtype=torch.float64)
    return half.index_add_(0, _mirror(height, width), ring / ring.sum(0)).float()


def _unit(rows: Tensor) -> Tensor:
    return rows / rows.norm(dim=1, keepdim=True).clamp_min(1e-12)


def _powers(rows: Tensor) -> Tensor:
    power = rows.expm1().square() + 1e-12
    return power / power.sum(1, keepdim=True)
