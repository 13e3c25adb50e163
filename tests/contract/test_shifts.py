"""Every shift in params.yaml keeps the contract of shifts/base.py."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from shiftpress.assembly import build
from shiftpress.core.ascent import transport_cost
from shiftpress.core.draws import Draws
from shiftpress.core.splits import Split
from shiftpress.core.tensors import write_tensors
from shiftpress.loading import load_study
from shiftpress.shifts.base import Others, Shift, as_tensors, load_shifted, shift_split

ENTRIES = load_study([str(Path(__file__).parents[2] / "params.yaml")]).shifts
BUILT = {name: build("shifts", entry) for name, entry in ENTRIES.items()}
WHITE_BOX = [name for name, shift in BUILT.items() if shift.white_box]
BLACK_BOX = [name for name in BUILT if name not in WHITE_BOX]
CASES = [(name, severity) for name in BLACK_BOX for severity in BUILT[name].severities]
COUNT = 12


def made(channels: int, seed: int = 0) -> Split:
    """Smooth noise: pictures with structure, so that blurs and warps have something to change."""
    rng = torch.Generator().manual_seed(seed)
    coarse = torch.rand(COUNT, channels, 8, 8, generator=rng)
    images = torch.nn.functional.interpolate(coarse, size=32, mode="bicubic").clamp(0, 1)
    rows = torch.arange(COUNT)
    return Split((images * 255).round().to(torch.uint8), rows % 4, rows * 7919 + seed, rows)


def partners(shift: Shift, channels: int) -> Others:
    """Stand-ins for whatever a shift is made with."""
    wanted = shift.needs()
    shifts = {name: BUILT[name] for name in wanted.get("shifts", [])}
    names = [*wanted.get("datasets", []), *(n for s in shifts.values() for n in s.needs().get("datasets", []))]
    halve = lambda images: SimpleNamespace(images=images / 2)  # noqa: E731
    return Others({name: made(channels) for name in names}, shifts, dict.fromkeys(wanted.get("codecs", []), halve))


@pytest.fixture(params=[1, 3], ids=["grey", "colour"])
def test_set(request):
    return made(request.param)


def shifted(name: str, test: Split, severity: float) -> Split:
    return BUILT[name].shift(test, severity, 1, partners(BUILT[name], test.images.shape[1]))


@pytest.mark.parametrize(("name", "severity"), CASES)
def test_a_shifted_set_has_images_of_the_same_shape_with_their_labels(name, severity, test_set):
    before = test_set.images.clone()
    out = shifted(name, test_set, severity)
    assert out.images.shape[1:] == test_set.images.shape[1:] and out.images.dtype == torch.uint8
    assert len(out) == len(out.images) == len(out.labels) == len(out.ids) == len(out.positions)
    assert torch.equal(test_set.images, before), "the input was changed"
    assert torch.equal(shifted(name, test_set, severity).images, out.images), "it does not repeat"


@pytest.mark.parametrize(("name", "severity"), CASES)
def test_an_image_shifts_the_same_way_in_every_batch(name, severity, test_set):
    whole, order = shifted(name, test_set, severity), torch.tensor([4, 0, 5, 2, 11])
    part = shifted(name, test_set[order], severity)
    image_of = dict(zip(whole.ids.tolist(), whole.images, strict=True))
    kept = [number for number in part.ids.tolist() if number in image_of]
    assert kept == part.ids.tolist()
    assert all(torch.equal(image, image_of[n]) for n, image in zip(kept, part.images, strict=True))


@pytest.mark.parametrize("name", BLACK_BOX)
def test_severity_zero_changes_nothing(name, test_set):
    if 0 in BUILT[name].severities or ENTRIES[name].kind != "official":
        out = shifted(name, test_set, 0)
        assert torch.equal(out.images, test_set.images) and torch.equal(out.ids, test_set.ids)


@pytest.mark.parametrize("name", BLACK_BOX)
def test_a_shift_changes_something_at_its_largest_severity(name, test_set):
    largest = max(BUILT[name].severities, key=abs)
    out = shifted(name, test_set, largest)
    same = torch.equal(out.ids, test_set.ids) and torch.equal(out.images, test_set.images)
    assert same == (ENTRIES[name].kind in ("none", "domain", "official")), "stand-in partners are the set itself"


@pytest.mark.parametrize("name", BLACK_BOX)
def test_a_shifted_set_survives_its_file(name, tmp_path):
    test = made(3)
    shift = BUILT[name].model_copy(update={"severities": BUILT[name].severities[:2]})
    sets = shift_split(shift, test, partners(shift, 3), seed=0)
    write_tensors(tmp_path / "shifted", as_tensors(sets), "me")
    found = load_shifted(tmp_path / "shifted")
    assert shift.title and found.severities == sets.severities == shift.severities
    for ours, theirs in zip(found.splits, sets.splits, strict=True):
        assert all(torch.equal(vars(ours)[k], vars(theirs)[k]) for k in vars(ours))


@pytest.mark.parametrize("name", WHITE_BOX)
def test_a_white_box_shift_goes_farther_and_farther_and_raises_the_loss(name, test_set):
    shift, test = BUILT[name].model_copy(update={"steps": 5, "severities": [1.0, 4.0]}), test_set[: BUILT[name].images]
    images = test.pixels
    target = images.flip(0)
    loss = lambda x, rows: (x - target[rows]).square().flatten(1).sum(1)  # noqa: E731
    points = list(shift.frontier(test, loss, Draws(1, test.ids)))
    costs = [float(transport_cost(point, images).mean()) for point in points]
    assert costs == sorted(costs) and costs[0] <= min(shift.severities) and max(shift.severities) <= costs[-1]
    for point in points:
        assert point.shape == images.shape and 0 <= point.min() and point.max() <= 1
        assert loss(point, slice(None)).mean() >= loss(images, slice(None)).mean()
    again = list(shift.frontier(test, loss, Draws(1, test.ids)))
    assert all(torch.equal(a, b) for a, b in zip(points, again, strict=True))
