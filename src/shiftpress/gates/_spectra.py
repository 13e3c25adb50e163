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

    ``log_amplitude`` is the whole plane, log(1 + |FFT2(x - mean)|), H W numbers. ``radial`` are its means over rings
    of whole radii, up to half the shorter side, beyond which all is in the last ring. ``high`` is the outer half of the
    rings.
    """
    plane = torch.cat([_log_amplitudes(chunk) for chunk in images.split(CHUNK)])
    if feature == "log_amplitude":
        return plane
    rings = _rings(*images.shape[2:]).to(images.device)
    count = int(rings.max()) + 1
    sums = plane.new_zeros(len(plane), count).index_add_(1, rings.flatten(), plane)
    means = sums / rings.flatten().bincount(minlength=count)
    return means[:, count // 2 :] if feature == "high" else means


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


def _log_amplitudes(images: Tensor) -> Tensor:
    """Of images (N, C, H, W), mean over channels: (N, H W) in the order of fft2.

    Made from half the plane, as the other half of a real image's spectrum mirrors it (three times as fast).
    """
    height, width = images.shape[2:]
    parts = torch.view_as_real(torch.fft.rfft2(images - images.mean((2, 3), keepdim=True)))
    half = torch.hypot(parts[..., 0], parts[..., 1]).log1p_().mean(1).flatten(1)
    return half.index_select(1, _mirror(height, width).to(images.device))


@cache
def _mirror(height: int, width: int) -> Tensor:
    """Where in the half plane each frequency of the plane is, flat."""
    down, across = torch.arange(height)[:, None], torch.arange(width)[None]
    beyond = across > width // 2
    row = torch.where(beyond, -down % height, down)
    return (row * (width // 2 + 1) + torch.where(beyond, width - across, across)).flatten()


@cache
def _rings(height: int, width: int) -> Tensor:
    """The ring of every frequency of the plane, in the order of fft2."""
    down, across = (torch.fft.fftfreq(side) * side for side in (height, width))
    radius = (down[:, None] ** 2 + across[None] ** 2).sqrt().round().long()
    return radius.clamp_max(min(height, width) // 2)


def _unit(rows: Tensor) -> Tensor:
    return rows / rows.norm(dim=1, keepdim=True).clamp_min(1e-12)


def _powers(rows: Tensor) -> Tensor:
    power = rows.expm1().square() + 1e-12
    return power / power.sum(1, keepdim=True)
