"""Classical codecs give images of the same shape, and more bytes buy less error."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from trained_codecs import digits

from shiftpress.coding.classical import compress

KINDS = pytest.mark.parametrize("kind", ["jpeg", "webp"])


@KINDS
@pytest.mark.parametrize("channels", [1, 3])
def test_more_quality_is_more_bytes_and_less_error(kind, channels):
    images = digits(channels)[:20]
    found = [compress(images, kind, quality) for quality in (5, 50, 95)]
    errors = [(f.images.float() - images.float()).square().mean() for f in found]
    sizes = [f.sizes.float().mean() for f in found]
    assert all(f.images.shape == images.shape and f.images.dtype == torch.uint8 for f in found)
    assert errors[0] > errors[1] > errors[2] and sizes[0] < sizes[1] < sizes[2]
    assert errors[2] < 100  # colour is kept at half the resolution


@KINDS
@pytest.mark.parametrize("quality", [1, 50, 100])
def test_sizes_and_pixels_are_those_of_pillows_files(kind, quality):
    images, files = digits(3)[:5], [io.BytesIO() for _ in range(5)]
    for image, file in zip(images, files, strict=True):
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(file, kind, quality=quality)
    found = compress(images, kind, quality)
    assert found.sizes.tolist() == [len(file.getvalue()) for file in files]
    pixels = np.stack([np.asarray(Image.open(file)) for file in files])
    assert torch.equal(found.images, torch.from_numpy(pixels).permute(0, 3, 1, 2))


@KINDS
def test_what_begins_all_files_is_counted(kind):
    images = digits(1)[:20]
    found = compress(images, kind, 50)
    assert {"jpeg": 300, "webp": 3}[kind] < found.shared < min(found.sizes)
    assert compress(images[:1], kind, 50).shared == found.sizes[0]


@KINDS
def test_a_flat_grey_image_comes_back(kind):
    images = torch.full((2, 1, 32, 48), 200, dtype=torch.uint8)
    assert (compress(images, kind, 90).images.int() - 200).abs().max() <= 1


def test_qualities_out_of_range_are_refused():
    with pytest.raises(ValueError, match="quality 101"):
        compress(digits(1)[:1], "jpeg", 101)
