"""Classical codecs give images of the same shape, and more bytes buy less error."""

import io

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
def test_the_size_is_that_of_the_file_pillow_writes(kind):
    images, buffer = digits(3)[:1], io.BytesIO()
    Image.fromarray(images[0].permute(1, 2, 0).numpy()).save(buffer, kind, quality=50)
    assert compress(images, kind, 50).sizes.tolist() == [len(buffer.getvalue())]


@KINDS
def test_a_flat_grey_image_comes_back(kind):
    images = torch.full((2, 1, 32, 48), 200, dtype=torch.uint8)
    assert (compress(images, kind, 90).images.int() - 200).abs().max() <= 1


def test_qualities_out_of_range_are_refused():
    with pytest.raises(ValueError, match="quality 101"):
        compress(digits(1)[:1], "jpeg", 101)
