"""The shifts that are no corruptions do what their definitions say."""

import pytest
import torch

from shiftpress.core.ascent import transport_cost
from shiftpress.core.draws import Draws
from shiftpress.core.splits import Split
from shiftpress.evaluation.frontier import at
from shiftpress.shifts.awgn import WhiteNoise
from shiftpress.shifts.base import Others
from shiftpress.shifts.class_mix import ClassMix
from shiftpress.shifts.composition import Composition
from shiftpress.shifts.domain import Domain
from shiftpress.shifts.inversion import Inversion
from shiftpress.shifts.learned_codec import LearnedCodec
from shiftpress.shifts.official import Official
from shiftpress.shifts.recompression import Recompression
from shiftpress.shifts.rotation import Rotation
from shiftpress.shifts.scale import Scale
from shiftpress.shifts.translation import Translation
from shiftpress.shifts.wasserstein_ball import WassersteinBall

IMAGES = torch.rand(8, 1, 16, 16, generator=torch.Generator().manual_seed(0))
IDS = torch.arange(8) * 101
DRAWS = Draws(1, IDS)


def split(count: int, offset: int = 0, classes: int = 10) -> Split:
    rng = torch.Generator().manual_seed(offset)
    images = torch.randint(0, 256, (count, 1, 8, 8), generator=rng, dtype=torch.uint8)
    rows = torch.arange(count)
    return Split(images, rows % classes, rows * 7919 + offset, rows)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_quarter_turns_are_exact(interpolation):
    for angle, turns in ((90, 1), (180, 2), (-90, 3)):
        out = Rotation(interpolation=interpolation).apply(IMAGES, angle, DRAWS)
        assert torch.allclose(out, IMAGES.rot90(turns, (2, 3)), atol=1e-5)


def test_a_translation_moves_whole_pixels_exactly_and_lets_zeros_in():
    out = Translation(direction=0).apply(IMAGES, 2 / 16, DRAWS)
    assert torch.allclose(out[..., 2:], IMAGES[..., :-2], atol=1e-5) and (out[..., :2].abs() < 1e-6).all()
    up = Translation(direction=90).apply(IMAGES, 2 / 16, DRAWS)
    assert torch.allclose(up[..., :-2, :], IMAGES[..., 2:, :], atol=1e-5)


def test_directions_of_a_translation_differ_between_images():
    same = IMAGES[:1].expand(8, -1, -1, -1)
    out = Translation().apply(same, 0.2, DRAWS)
    assert len({tuple(image.flatten().tolist()) for image in out}) == 8


def test_a_doubled_image_shows_its_middle():
    out = Scale(interpolation="nearest").apply(IMAGES, 1, DRAWS)
    assert torch.equal(out, IMAGES[..., 4:12, 4:12].repeat_interleave(2, 2).repeat_interleave(2, 3))


def test_a_negative_of_a_negative_is_the_image():
    shift = Inversion()
    assert torch.allclose(shift.apply(shift.apply(IMAGES, 1, DRAWS), 1, DRAWS), IMAGES)


def test_noise_of_matched_rho_moves_images_by_rho():
    grey = torch.full((400, 1, 32, 32), 0.5)
    out = WhiteNoise(measure="rho").apply(grey, 20.1, Draws(1, torch.arange(400)))
    assert (out - grey).square().flatten(1).sum(1).mean() == pytest.approx(20.1, rel=0.01)


def test_another_domain_brings_its_own_labels():
    ours, theirs = split(20), split(7, offset=5)
    shift, others = Domain(dataset="other"), Others(splits={"other": theirs})
    assert shift.shift(ours, 1, 0, others) is theirs and shift.shift(ours, 0, 0, others) is ours


def test_a_class_mix_has_the_shares_it_promises():
    test = split(20_000)
    for reverse in (False, True):
        kept = ClassMix(rarest=0.1, reverse=reverse).shift(test, 1, 3, Others())
        counts = kept.labels.bincount(minlength=10).double() / 2000
        expected = 0.1 ** (torch.arange(10).double() / 9)
        assert (counts - (expected.flip(0) if reverse else expected)).abs().max() < 0.04


@pytest.mark.parametrize("form", ["jpeg", "webp"])
@pytest.mark.parametrize("channels", [1, 3])
def test_recompression_hurts_more_at_lower_quality(form, channels):
    smooth = torch.nn.functional.interpolate(IMAGES[:, :, :4, :4].expand(-1, channels, -1, -1), size=32, mode="bicubic")
    images = (smooth.clamp(0, 1) * 255).round() / 255
    moved = [(Recompression(format=form).apply(images, s, DRAWS) - images).square().mean() for s in (10, 50, 95)]
    assert 0 < moved[0] < moved[1] < moved[2] < 0.1


def test_a_learned_codec_is_applied_as_often_as_asked():
    class Halver:
        def __call__(self, images):
            from types import SimpleNamespace

            return SimpleNamespace(images=images / 2)

    test, others = split(4), Others(codecs={"c/o": Halver()})
    shift = LearnedCodec(codec="c", objective="o")
    once, twice = (shift.shift(test, passes, 0, others).images.float() for passes in (1, 2))
    assert (once - test.images / 2).abs().max() <= 0.5 and (twice - test.images / 4).abs().max() <= 1


def test_a_composition_is_its_parts_in_order():
    test, parts = split(6), {"turn": Rotation(), "move": Translation(direction=0)}
    made = Composition(then=["turn", "move"]).shift(test, 0.5, 0, Others(shifts=parts))
    by_hand = parts["move"].shift(parts["turn"].shift(test, 0.5, 1, Others()), 0.5, 2, Others())
    assert torch.equal(made.images, by_hand.images)


def test_official_images_are_paired_by_position():
    published = split(50)
    order = torch.tensor([31, 4, 15, 9])
    test = Split(published.images[order] // 2, published.labels[order], torch.arange(4), order)
    shift = Official(severities=[3], datasets=["c3"])
    out = shift.shift(test, 3, 0, Others(splits={"c3": published[torch.randperm(50)]}))
    assert torch.equal(out.images, published.images[order]) and torch.equal(out.ids, test.ids)
    assert shift.source == "official"
    wrong = Split(published.images, (published.labels + 1) % 10, published.ids, published.positions)
    with pytest.raises(ValueError, match="not those of this test set"):
        shift.shift(test, 3, 0, Others(splits={"c3": wrong}))


def made_worst(ball: WassersteinBall, images, loss):
    """Distance and gain of every point of the frontier, but those that reach the borders of the box."""
    test = Split((images * 255).round().to(torch.uint8), torch.zeros(6).long(), torch.arange(6), torch.arange(6))
    for point in ball.frontier(test, loss, Draws(1, test.ids)):
        if 0 < point.min() and point.max() < 1:
            gain = loss(point, slice(None)) - loss(test.pixels, slice(None))
            yield float(transport_cost(point, test.pixels).mean()), float(gain.mean())


def test_the_ball_finds_the_known_worst_case_of_a_linear_loss():
    """For loss <a, x'> the supremum over the ball is <a, x> + |a| sqrt(rho), far from the borders of the box."""
    images = torch.full((6, 1, 8, 8), 0.5)
    slope = torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(2)) * 0.1
    loss = lambda x, rows: (x * slope).flatten(1).sum(1)  # noqa: E731
    points = list(made_worst(WassersteinBall(steps=60, severities=[0.01, 0.1]), images, loss))
    assert len(points) >= 4 and points[0][0] < 0.02
    for distance, gain in points:
        assert gain == pytest.approx(float(slope.norm()) * distance**0.5, rel=0.02)


def test_more_steps_and_restarts_do_not_weaken_the_ball():
    images = IMAGES[:6] * 0.8 + 0.1
    loss = lambda x, rows: 0.1 * torch.sin(4 * x).flatten(1).sum(1)  # noqa: E731
    weak, strong = (
        dict(made_worst(WassersteinBall(steps=steps, restarts=restarts, severities=[0.1, 1]), images, loss))
        for steps, restarts in ((2, 1), (40, 3))
    )
    curve = lambda points: {0.0: {"gain": 0.0}, **{d: {"gain": g} for d, g in points.items()}}  # noqa: E731
    assert at(curve(strong), 0.3)["gain"] > at(curve(weak), 0.3)["gain"] > 0
