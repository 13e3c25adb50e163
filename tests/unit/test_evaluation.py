"""Scores are what their definitions say, one record per cell."""

import io
import math
import os

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from shiftpress.assembly import build
from shiftpress.coding.codec import encode
from shiftpress.coding.model import Model
from shiftpress.core.codecnet import CodecNet, Coded
from shiftpress.core.splits import Split
from shiftpress.evaluation.cards import loss_of, sparsity
from shiftpress.evaluation.cards import measure as measure_card
from shiftpress.evaluation.cells import Cell, cells, score
from shiftpress.evaluation.codecs import examples, of_training, on_disk
from shiftpress.evaluation.codecs import measure as measure_codec
from shiftpress.evaluation.formats import score_formats
from shiftpress.evaluation.frontier import at, score_frontiers
from shiftpress.evaluation.shifts import log_spectrum_difference, score_shift, ssim
from shiftpress.shifts.base import Shifted, WhiteBox

IMAGES = torch.randint(0, 256, (2, 600, 1, 4, 4), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
PIXELS = IMAGES.float() / 255
LABELS = PIXELS[0].flatten(1)[:, :2].argmax(1)
CELLS = [
    Cell("clean", 0.0, "regenerated", PIXELS[0], LABELS),
    Cell("dark", 0.1, "regenerated", PIXELS[0], LABELS),
    Cell("dark", 0.2, "official", PIXELS[1], LABELS),
]
SHARED = {"dataset": "d", "seed": 3, "fingerprint": "f"}


class Halver(CodecNet):
    """Reconstructs every value at half its height, for 7 bits."""

    def forward(self, images, stage="full"):
        return Coded(images / 2, images.new_full((len(images),), 7.0))


class Brightest(nn.Module):
    """Chooses the class at the brightest of the first two values."""

    def forward(self, images):
        return images.flatten(1)[:, :2]


def test_distortion_is_summed_over_an_image_and_averaged_over_images():
    records = list(score(CELLS, measure_codec(Halver()), phase="codecs", model="half", **SHARED))
    assert len(records) == 3 * 3 and all(record.n == 600 and record.phase == "codecs" for record in records)
    found = {(r.shift, r.severity, r.metric): r.value for r in records}
    values = IMAGES[1].double() / 255
    assert found["dark", 0.2, "distortion_se"] == pytest.approx(float((values / 2).square().sum() / 600), rel=1e-6)
    assert found["dark", 0.2, "rate_bits"] == 7
    per_image = (values / 2).square().flatten(1).mean(1)
    expected = sum(-10 * math.log10(error) for error in per_image.tolist()) / 600
    assert found["dark", 0.2, "psnr_db"] == pytest.approx(expected, rel=1e-6)


def test_bytes_on_disk_are_measured_once_on_images_as_they_were():
    net = build("codecs", {"kind": "fixed_rate", "width": 1, "latents": 6}).build((1, 32, 32)).eval()
    wide = [Cell(c.shift, c.severity, c.source, c.images[:70].repeat(1, 1, 8, 8), c.labels[:70]) for c in CELLS]
    same = [wide[1], wide[0], Cell("turn", 0.0, "regenerated", wide[1].images, wide[1].labels)]
    found = {r.metric: r for r in on_disk(net, "fixed_rate", same, phase="codecs", model="m", **SHARED)}
    assert {(r.shift, r.severity, r.n) for r in found.values()} == {("clean", 0.0, 70)}
    header = len(encode(Model("fixed_rate", (1, 32, 32), net, bytes(16)), (wide[0].images * 255).byte()))
    assert found["disk_bits"].value == 8 * header / 70
    assert found["file_bits"].value > found["disk_bits"].value + 300, "a header for each"
    assert not list(on_disk(net, "fixed_rate", wide[1:], phase="codecs", model="m", **SHARED))
    net = build("codecs", {"kind": "fixed_rate", "width": 1, "norm": "batch"}).build((1, 32, 32)).eval()
    assert not list(on_disk(net, "fixed_rate", same, phase="codecs", model="m", **SHARED)), "it has no streams"


def test_image_formats_are_scored_in_every_cell_against_the_shifted_image():
    nine = [Cell(c.shift, c.severity, c.source, c.images[:9].repeat(1, 1, 8, 8), c.labels[:9]) for c in CELLS]
    shared = {key: value for key, value in SHARED.items() if key != "seed"}
    records = list(score_formats({"jpeg": [10, 90], "webp": [50]}, nine, phase="codecs", **shared))
    assert len(records) == 3 * 3 * 4 and {r.seed for r in records} == {0} and {r.n for r in records} == {9}
    found = {(r.model, r.severity, r.metric): r.value for r in records}
    assert {model for model, *_ in found} == {"jpeg/q10", "jpeg/q90", "webp/q50"}
    files, total = [], 0.0
    for image in nine[2].images:
        files.append(io.BytesIO())
        levels = (image[0] * 255).round().byte().numpy()
        Image.fromarray(levels).save(files[-1], "jpeg", quality=10)
        total += float(np.square((np.asarray(Image.open(files[-1])) - levels.astype(float)) / 255).sum())
    assert found["jpeg/q10", 0.2, "distortion_se"] == pytest.approx(total / 9, rel=1e-5)
    data = [file.getvalue() for file in files]
    assert found["jpeg/q10", 0.2, "file_bits"] == pytest.approx(8 * sum(map(len, data)) / 9)
    shared = len(os.path.commonprefix(data))
    together = shared + sum(len(file) - shared for file in data)
    assert found["jpeg/q10", 0.2, "disk_bits"] == pytest.approx(8 * together / 9)


@pytest.mark.parametrize("most", [None, 5, 600, 1000])
def test_a_cell_may_have_the_first_images_alone(most):
    whole = Split(IMAGES[0], LABELS, torch.arange(600), torch.arange(600))
    rows = Shifted([0.0, 2.0], [whole, whole[torch.arange(600).flip(0)]])
    found = list(cells({"turned": rows}, {"turned": "official"}, most))
    assert [(c.shift, c.severity, c.source) for c in found] == [("turned", s, "official") for s in (0.0, 2.0)]
    for cell, split in zip(found, rows.splits, strict=True):
        assert torch.equal(cell.images, split.pixels[:most]) and torch.equal(cell.labels, split.labels[:most])
        assert len(cell.labels) == min(most or 600, 600)


def test_examples_are_pairs_of_the_first_images():
    found = examples(Halver(), CELLS, 2)
    assert set(found) == {
        f"{cell}/{part}" for cell in ("clean/0", "dark/0.1", "dark/0.2") for part in ("input", "output")
    }
    assert torch.equal(found["dark/0.2/input"], IMAGES[1, :2])
    assert (found["dark/0.2/output"].int() - IMAGES[1, :2].int() / 2).abs().max() <= 0.5


def test_what_an_objective_remembers_becomes_records_if_it_is_a_number():
    memory = {"gamma": torch.tensor(0.5), "weights": torch.ones(3)}
    (found,) = of_training(memory, phase="codecs", model="m", **SHARED)
    assert (found.metric, found.value, found.shift) == ("training_gamma", 0.5, "training")


def test_accuracy_is_the_share_of_images_at_their_label():
    labels = LABELS.clone()
    labels[:150] = 1 - labels[:150]
    assert measure_card(Brightest())(PIXELS[0], labels)["accuracy"] == 0.75
    every = list(score(CELLS, measure_card(Brightest()), phase="cards", model="b", **SHARED))
    records = [r for r in every if r.metric == "accuracy"]
    assert len(every) == 3 * len(records)
    assert [(r.shift, r.severity, r.source) for r in records] == [(c.shift, c.severity, c.source) for c in CELLS]
    assert [r.value for r in records[:2]] == [1.0, 1.0] and records[2].value < 0.7


class Against(WhiteBox):
    """Moves every image down the gradient of the loss, in two lengths."""

    title, unit = "against", "step"
    images: int = 500

    def frontier(self, test, loss, draws):
        images = test.pixels.requires_grad_()
        (slope,) = torch.autograd.grad(loss(images, torch.arange(len(images))).sum(), images)
        for length in (0.25, 0.5):
            yield (images.detach() + length * slope.sign()).clamp(0, 1)


def test_a_white_box_shift_is_made_against_the_model_and_read_off_at_common_distances():
    test = Split(IMAGES[0], LABELS, torch.arange(600), torch.arange(600))
    shifts = {"against": Against(severities=[0.0, 0.05, 0.25, 500.0])}
    net = Brightest()
    every = score_frontiers(shifts, test, loss_of(net), measure_card(net), 1, phase="cards", model="m", **SHARED)
    found = [r for r in every if r.metric == "accuracy"]
    assert [r.severity for r in found] == [0.0, 0.05, 0.25], "a distance out of reach has no record"
    assert found[0].value == 1 and found[0].n == 500 and found[1].value > found[2].value and found[2].value < 0.5


def test_a_curve_is_met_at_its_points_and_monotone_between_them():
    curve = {0.0: {"m": 1.0}, 1.0: {"m": 2.0}, 9.0: {"m": 5.0}}
    assert [at(curve, d)["m"] for d in curve] == pytest.approx([1, 2, 5])
    values = [at(curve, d / 10)["m"] for d in range(91)]
    assert values == sorted(values)
    # linear in the square root of the distance
    straight = {float(d * d): {"m": 3.0 * d} for d in range(4)}
    assert at(straight, 2.25)["m"] == pytest.approx(4.5)


def test_a_shift_is_described_by_its_distance_unless_the_images_are_others():
    test = Split(IMAGES[0], LABELS, torch.arange(600), torch.arange(600))
    other = torch.arange(600) + 1
    pairs = [(CELLS[1], test.ids), (CELLS[2], test.ids), (CELLS[2], other)]
    big = [(Cell(c.shift, c.severity, c.source, c.images.repeat(1, 1, 4, 4), c.labels), ids) for c, ids in pairs]
    wide = Split(IMAGES[0].repeat(1, 1, 4, 4), LABELS, test.ids, test.positions)
    found = {(r.severity, r.metric): r.value for r in score_shift(wide, big, dataset="d", fingerprint="f")}
    assert len(found) == 8
    assert found[0.1, "displacement_se"] == 0 and found[0.1, "ssim"] == pytest.approx(1)
    expected = (PIXELS[1] - PIXELS[0]).square().flatten(1).sum(1).mean() * 16
    assert found[0.2, "displacement_se"] == pytest.approx(float(expected), rel=1e-5)
    assert found[0.2, "log_spectrum_db"] > 0 and found[0.2, "ssim"] < 1


def test_ssim_matches_its_definition_written_out():
    rng = torch.Generator().manual_seed(1)
    a, b = torch.rand(1, 1, 11, 11, generator=rng), torch.rand(1, 1, 11, 11, generator=rng)
    line = torch.exp(-((torch.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    window = line[:, None] * line / line.sum() ** 2
    mean = {name: (window * x).sum() for name, x in (("a", a), ("b", b))}
    var_a, var_b = (window * (a - mean["a"]) ** 2).sum(), (window * (b - mean["b"]) ** 2).sum()
    cov = (window * (a - mean["a"]) * (b - mean["b"])).sum()
    top = (2 * mean["a"] * mean["b"] + 0.01**2) * (2 * cov + 0.03**2)
    expected = top / ((mean["a"] ** 2 + mean["b"] ** 2 + 0.01**2) * (var_a + var_b + 0.03**2))
    assert float(ssim(a, b)) == pytest.approx(float(expected), abs=1e-4)
    assert float(log_spectrum_difference(a, a)) == 0


def test_sparsity_counts_prunable_weights_only():
    net = nn.Sequential(nn.Linear(4, 2), nn.BatchNorm1d(2))
    nn.init.ones_(net[0].weight)
    net[0].weight.data[0] = 0
    assert sparsity(net) == 0.5
