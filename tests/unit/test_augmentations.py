"""Augmentations are what their papers say, on every image of a batch, and repeat with their generator."""

import pytest
import torch
from PIL import Image, ImageOps

from shiftpress.augmentations import _operations as operations
from shiftpress.augmentations.augmix import AugMix
from shiftpress.augmentations.base import cropped, mirrored
from shiftpress.augmentations.gaussian import Gaussian


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def tones(count=6, low=20, high=200):
    return torch.randint(low, high, (count, 1, 16, 16), generator=generator())


@pytest.mark.parametrize(
    ("name", "level", "peer"),
    [
        ("autocontrast", 1.0, ImageOps.autocontrast),
        ("equalize", 1.0, ImageOps.equalize),
        ("posterize", 2.6, lambda image: ImageOps.posterize(image, 4 - 1)),
        ("posterize", 1.0, lambda image: ImageOps.posterize(image, 4)),
        ("solarize", 2.9, lambda image: ImageOps.solarize(image, 256 - int(2.9 * 25.6))),
    ],
)
@pytest.mark.parametrize("side", [16, 32])
def test_tones_are_those_of_pillow(name, level, peer, side):
    images = torch.randint(20, 200, (6, 1, side, side), generator=generator())
    images[5] = 7  # flat
    found = getattr(operations, name)(images, torch.full((6,), level))
    for image, mine in zip(images, found, strict=True):
        picture = Image.frombytes("L", (side, side), image[0].to(torch.uint8).numpy().tobytes())
        theirs = torch.frombuffer(bytearray(peer(picture).tobytes()), dtype=torch.uint8).view(side, side)
        assert torch.equal(mine[0], theirs.long())


def test_channels_have_tones_of_their_own():
    grey = tones(3)
    coloured = torch.cat([grey, (grey // 2).flip(0)], dim=1)
    for name in operations.TONES:
        operation = getattr(operations, name)
        level = torch.full((3,), 2.0)
        assert torch.equal(operation(coloured, level)[:, 1:], operation(coloured[:, 1:], level)), name


@pytest.mark.parametrize(("name", "axis"), [("translate_x", 1), ("translate_y", 0)])
def test_a_translation_moves_by_whole_pixels(name, axis):
    image = torch.zeros(2, 1, 32, 32)
    image[:, :, 16, 16] = 1
    which = torch.full((2,), operations.OPERATIONS.index(name))
    moved = operations.apply(image, which, torch.full((2,), 3.0), torch.tensor([1, -1]))
    for found, step in zip(moved, (-3, 3), strict=True):  # floor(3 / 10 * (32 // 3)) = 3
        place = [16, 16]
        place[axis] += step
        assert float(found[0, place[0], place[1]]) == pytest.approx(1, abs=1e-4)


def test_each_image_gets_its_own_operation_whatever_else_is_in_the_batch():
    images = torch.rand(18, 3, 16, 16, generator=generator())
    which, levels = torch.arange(18) % 9, torch.rand(18, generator=generator()) * 3 + 0.1
    signs = 1 - 2 * (torch.arange(18) % 2)
    together = operations.apply(images, which, levels, signs)
    for n in range(18):
        alone = operations.apply(images[n : n + 1], which[n : n + 1], levels[n : n + 1], signs[n : n + 1])
        assert torch.allclose(together[n], alone[0], atol=1e-6), operations.OPERATIONS[which[n]]


def test_augmix_lies_between_the_image_and_its_mixture_and_has_three_views_with_jsd():
    images = torch.rand(8, 3, 16, 16, generator=generator())
    (one,) = AugMix().views(images, generator(1))
    assert not torch.equal(one, images) and 0 <= one.min() and one.max() <= 1
    clean, first, second = AugMix(jsd=12.0).views(images, generator(1))
    assert torch.equal(clean, images) and not torch.equal(first, second)
    assert AugMix(jsd=12.0).consistency == 12 and AugMix().consistency == 0


def test_gaussian_noise_has_its_share_and_its_size():
    images = torch.full((4000, 1, 8, 8), 0.5)
    (noisy,) = Gaussian().views(images, generator())
    changed = (noisy != images).flatten(1).any(1)
    assert float(changed.float().mean()) == pytest.approx(0.5, abs=0.03)
    assert float((noisy - images)[changed].std()) == pytest.approx(0.1, rel=0.01)


def test_crops_are_windows_of_the_padded_image_and_mirrors_its_reflection():
    images = torch.rand(200, 2, 8, 8, generator=generator()) + 0.1
    windows = cropped(images, 2, generator(1))
    padded, seen = torch.nn.functional.pad(images, (2, 2, 2, 2)), set()
    for image, window in zip(padded, windows, strict=True):
        places = [(r, c) for r in range(5) for c in range(5) if torch.equal(image[:, r : r + 8, c : c + 8], window)]
        assert len(places) == 1
        seen |= set(places)
    assert len(seen) > 20
    flipped = mirrored(images, generator(2))
    turned = [torch.equal(f, i.flip(2)) for f, i in zip(flipped, images, strict=True)]
    kept = [torch.equal(f, i) for f, i in zip(flipped, images, strict=True)]
    assert all(a != b for a, b in zip(turned, kept, strict=True)) and 70 < sum(turned) < 130
