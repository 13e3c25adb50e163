"""Scores are what their definitions say, one record per cell."""

import math

import pytest
import torch
from torch import nn

from shiftpress.codecs.base import CodecNet, Coded
from shiftpress.evaluation.cards import accuracy, score_card, sparsity
from shiftpress.evaluation.codecs import examples, score_codec
from shiftpress.shifts.base import Shifted

IMAGES = torch.randint(0, 256, (2, 600, 1, 4, 4), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
SHIFTED = {"clean": Shifted([0.0], IMAGES[:1]), "dark": Shifted([0.1, 0.2], IMAGES)}
CELL = {"dataset": "d", "seed": 3}


class Halver(CodecNet):
    """Reconstructs every value at half its height, for 7 bits."""

    def forward(self, images):
        return Coded(images / 2, images.new_full((len(images),), 7.0))


class Brightest(nn.Module):
    """Chooses the class at the brightest of the first two values."""

    def forward(self, images):
        return images.flatten(1)[:, :2]


def test_distortion_is_summed_over_an_image_and_averaged_over_images():
    records = list(score_codec(Halver(), SHIFTED, {**CELL, "model": "half"}, "f"))
    assert len(records) == 3 * 3 and all(record.n == 600 and record.phase == "codecs" for record in records)
    found = {(r.shift, r.severity, r.metric): r.value for r in records}
    values = IMAGES[1].double() / 255
    assert found["dark", 0.2, "distortion_se"] == pytest.approx(float((values / 2).square().sum() / 600), rel=1e-6)
    assert found["dark", 0.2, "rate_bits"] == 7
    per_image = (values / 2).square().flatten(1).mean(1)
    expected = sum(-10 * math.log10(error) for error in per_image.tolist()) / 600
    assert found["dark", 0.2, "psnr_db"] == pytest.approx(expected, rel=1e-6)


def test_examples_are_pairs_of_the_first_images():
    found = examples(Halver(), SHIFTED, 2)
    assert set(found) == {
        f"{cell}/{part}" for cell in ("clean/0", "dark/0.1", "dark/0.2") for part in ("input", "output")
    }
    assert torch.equal(found["dark/0.2/input"], IMAGES[1, :2])
    assert (found["dark/0.2/output"].int() - IMAGES[1, :2].int() / 2).abs().max() <= 0.5


def test_accuracy_is_the_share_of_images_at_their_label():
    pixels = IMAGES[0].float() / 255
    labels = pixels.flatten(1)[:, :2].argmax(1)
    labels[:150] = 1 - labels[:150]
    assert accuracy(Brightest(), pixels, labels) == 0.75
    records = list(score_card(Brightest(), labels, SHIFTED, {**CELL, "model": "b"}, "f"))
    assert [(r.shift, r.severity) for r in records] == [("clean", 0.0), ("dark", 0.1), ("dark", 0.2)]
    assert records[0].value == 0.75 and all(r.metric == "accuracy" for r in records)


def test_sparsity_counts_prunable_weights_only():
    net = nn.Sequential(nn.Linear(4, 2), nn.BatchNorm1d(2))
    nn.init.ones_(net[0].weight)
    net[0].weight.data[0] = 0
    assert sparsity(net) == 0.5
