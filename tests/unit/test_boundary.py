"""FAB's walk along the boundary gives the numbers of the package, to the last bit."""

import pytest
import torch
from pyautoattack.fab_projections import projection_linf
from pyautoattack.fab_pt import FABAttack_PT
from toy_attacks import Normed, images_of

from shiftpress.attacks._boundary import Boundary
from shiftpress.attacks._planes import _sorted_down, onto_planes


def planes(count: int, size: int, far: float, seed: int):
    """Points, many of them on the edges of the range, and planes that are so far away."""
    rng = torch.Generator().manual_seed(seed)
    points, normals = torch.rand(count, size, generator=rng), torch.randn(count, size, generator=rng)
    points[torch.rand(points.shape, generator=rng) < 0.5] = 0
    points[torch.rand(points.shape, generator=rng) < 0.2] = 1
    normals[torch.rand(points.shape, generator=rng) < 0.2] = 0
    normals[0] = 0
    return points, normals, (normals * points).sum(1) + far * torch.randn(count, generator=rng)


@pytest.mark.parametrize("size", [1, 3, 64, 784])
@pytest.mark.parametrize("far", [0.001, 0.3, 5.0, 300.0])
def test_changes_onto_a_plane_are_the_packages(size, far):
    points, normals, offsets = planes(40, size, far, seed=size)
    before = [part.clone() for part in (points, normals, offsets)]
    found = onto_planes(points, normals, offsets)
    assert torch.equal(found, projection_linf(points, normals, offsets))
    assert all(torch.equal(a, b) for a, b in zip(before, (points, normals, offsets), strict=True))
    moved = points + found
    assert moved.min() >= -1e-6 and moved.max() <= 1 + 1e-6
    if far == 0.001 and size == 784:
        assert torch.allclose((normals * moved).sum(1)[1:], offsets[1:], atol=1e-4), "the plane is reached"


def test_of_equal_rooms_the_later_come_first():
    rooms = torch.rand(5, 40, generator=torch.Generator().manual_seed(0)).round(decimals=1)
    falling, order = _sorted_down(rooms)
    wanted = rooms.argsort(dim=1, stable=True).flip(1)
    assert torch.equal(order, wanted) and torch.equal(falling, rooms.gather(1, wanted))


def test_a_walk_along_the_boundary_is_the_packages():
    net, images = Normed(), images_of(30)
    with torch.no_grad():
        labels = net(images).argmax(1)
    labels[:2] = (labels[:2] + 1) % 5  # two that are misclassified
    found = []
    for kind in (FABAttack_PT, Boundary):
        attack = kind(net, norm="Linf", n_iter=12, eps=0.03, seed=0, targeted=True, n_target_classes=3, device="cpu")
        found.append(attack.perturb(images, labels))
    assert torch.equal(*found)
    assert 0 < ((found[1] - images).flatten(1).abs().amax(1) > 0).sum() < 30
