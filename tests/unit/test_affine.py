"""Maps of the image plane."""

import pytest
import torch
from torch.nn import functional

from shiftpress.core.affine import rotation, rows, warp

IMAGES = torch.rand(6, 2, 9, 7, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("degrees", [0.0, 37.0, 90.0, -180.0])
def test_one_angle_for_all_turns_them_as_one_for_each(degrees, interpolation):
    once, each = rotation(torch.tensor(degrees), IMAGES), rotation(torch.full((6,), degrees), IMAGES)
    assert once.shape == (1, 2, 3) and each.shape == (6, 2, 3)
    assert torch.equal(warp(IMAGES, once, interpolation), warp(IMAGES, each, interpolation))


def test_each_image_goes_its_own_way():
    angles = torch.tensor([0.0, 180.0, 0.0, 180.0, 0.0, 180.0])
    turned = warp(IMAGES, rotation(angles, IMAGES), "nearest")
    assert torch.equal(turned[::2], IMAGES[::2]) and torch.equal(turned[1::2], IMAGES[1::2].flip(2, 3))


def test_numbers_stand_beside_one_for_each_image():
    moves = torch.arange(6.0)
    found = rows(1, 0, moves, 0, 1, 0.5, like=IMAGES)
    assert found[:, 0, 2].tolist() == moves.tolist() and found[:, 1, 2].tolist() == [0.5] * 6
    assert rows(1, 0, 0, 0, 1, 0, like=IMAGES).shape == (1, 2, 3)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("sides", [(32, 32), (28, 20), (1, 5)])
def test_images_go_where_torch_says(sides, interpolation):
    generator = torch.Generator().manual_seed(1)
    images, matrices = torch.rand(4, 3, *sides, generator=generator), torch.randn(4, 2, 3, generator=generator)
    grid = functional.affine_grid(matrices, list(images.shape), align_corners=False)
    expected = functional.grid_sample(images, grid, interpolation, "zeros", align_corners=False)
    assert torch.allclose(warp(images, matrices, interpolation), expected.clamp(0, 1), atol=1e-5)
