"""The angle code takes images of every size that it says it takes."""

import pytest
import torch

from shiftpress.assembly import build


@pytest.mark.parametrize("side", [32, 64, 96, 160])
@torch.no_grad()
def test_every_side_that_fits_is_coded(side):
    codec = build("codecs", {"kind": "angle", "width": 2, "angle_width": 2})
    assert codec.misfit((3, side, side)) is None
    images = torch.rand(2, 3, side, side)
    assert codec.build((3, side, side)).eval()(images).images.shape == images.shape
