"""Every shift in params.yaml keeps the contract of shifts/base.py."""

from pathlib import Path

import pytest
import torch

from shiftpress.assembly import build, load_study
from shiftpress.core.draws import Draws
from shiftpress.core.splits import Split
from shiftpress.core.tensors import write_tensors
from shiftpress.shifts.base import Others, as_tensors, load_shifted, shift_split

ENTRIES = load_study([str(Path(__file__).parents[2] / "params.yaml")]).shifts
CASES = [(name, severity) for name, entry in ENTRIES.items() for severity in build("shifts", entry).severities]


@pytest.fixture(params=[1, 3], ids=["grey", "colour"])
def images(request):
    return torch.rand(6, request.param, 16, 16, generator=torch.Generator().manual_seed(0))


IDS = torch.arange(6) * 7919


def shifted(name, images, severity, ids=IDS):
    return build("shifts", ENTRIES[name]).apply(images, severity, Draws(1, ids))


@pytest.mark.parametrize(("name", "severity"), CASES)
def test_keeps_shape_type_and_range(name, severity, images):
    out = shifted(name, images, severity)
    assert out.shape == images.shape and out.dtype == images.dtype
    assert 0 <= out.min() and out.max() <= 1 and out.isfinite().all()


@pytest.mark.parametrize(("name", "severity"), CASES)
def test_repeats_and_leaves_its_input_alone(name, severity, images):
    before = images.clone()
    assert torch.equal(shifted(name, images, severity), shifted(name, images, severity))
    assert torch.equal(images, before)


@pytest.mark.parametrize(("name", "severity"), CASES)
def test_an_image_shifts_the_same_way_in_every_batch(name, severity, images):
    whole, order = shifted(name, images, severity), torch.tensor([4, 0, 5, 2])
    assert torch.equal(shifted(name, images[order], severity, IDS[order]), whole[order])


@pytest.mark.parametrize("name", ENTRIES)
def test_severity_zero_changes_nothing(name, images):
    assert torch.equal(shifted(name, images, 0), images)


@pytest.mark.parametrize("name", ENTRIES)
def test_a_shifted_set_has_8_bit_images_for_every_severity_and_survives_its_file(name, images, tmp_path):
    shift = build("shifts", ENTRIES[name])
    eight_bit = (images * 255).round().to(torch.uint8)
    test = Split(eight_bit, torch.arange(6), IDS, torch.arange(6))
    made = shift_split(shift, test, Others(), seed=0)
    assert shift.title and made.severities == shift.severities
    write_tensors(tmp_path / "shifted", as_tensors(made), "me")
    found = load_shifted(tmp_path / "shifted")
    assert found.severities == made.severities
    for ours, theirs in zip(found.splits, made.splits, strict=True):
        assert ours.images.dtype == torch.uint8
        assert all(torch.equal(vars(ours)[k], vars(theirs)[k]) for k in vars(ours))
