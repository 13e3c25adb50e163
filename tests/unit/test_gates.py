"""Gates weigh as their definitions say."""

from pathlib import Path

import pytest
import torch

from shiftpress.assembly import build
from shiftpress.gates._spectra import distances, spectra
from shiftpress.gates.base import Seen, blend, hardest
from shiftpress.gates.confidence import Confidence
from shiftpress.gates.learned import Learned
from shiftpress.gates.oracle import Oracle
from shiftpress.gates.spectral import Spectral
from shiftpress.gates.uniform import Uniform
from shiftpress.loading import load_study

ROOT = Path(__file__).parents[2]
RANDOM = torch.Generator().manual_seed(0)
WAVE = torch.cos(2 * torch.pi * 3 * torch.arange(32) / 32).expand(1, 1, 32, 32) / 4 + 0.5


def seen(features, groups=("a", "b"), batch=1, **shown) -> Seen:
    return Seen(groups, features, batch, torch.Generator().manual_seed(0), **shown)


def test_a_wave_has_its_amplitude_at_its_frequency():
    plane = spectra(WAVE, "log_amplitude").view(32, 32)
    assert plane[0, 3] == pytest.approx(float(torch.tensor(32 * 32 / 8).log1p()), rel=1e-4)
    rest = plane.clone()
    rest[0, 3] = rest[0, -3] = 0
    assert rest.abs().max() < 1e-3


@pytest.mark.parametrize("shape", [(8, 8), (7, 9), (9, 6)])
def test_half_a_plane_mirrored_is_the_plane(shape):
    images = torch.rand(3, 2, *shape, generator=RANDOM)
    whole = torch.fft.fft2(images - images.mean((2, 3), keepdim=True)).abs().log1p().mean(1)
    assert torch.allclose(spectra(images, "log_amplitude"), whole.flatten(1), atol=1e-5)


@pytest.mark.parametrize("feature", ["log_amplitude", "radial", "high"])
@pytest.mark.parametrize("kind", [Spectral, Learned])
def test_amplitudes_as_roots_of_squares_route_as_complex_moduli_do(monkeypatch, kind, feature):
    def moduli(images):
        half = torch.fft.rfft2(images.double()).abs().log1p().float()
        half[..., 0, 0] = 0
        return half.mean(1).flatten(1)

    noise = 0.05 * torch.randn(400, 1, 16, 16, generator=RANDOM)
    noise[::2] = 0
    smooth = torch.nn.functional.interpolate(torch.rand(400, 1, 4, 4, generator=RANDOM), size=(16, 16), mode="bilinear")
    images = (smooth + noise).clamp(0, 1)
    bank, gate, found = {"a": images[0:200:2], "b": images[1:200:2]}, kind(feature=feature), []
    for half in (None, moduli):
        if half:
            monkeypatch.setattr("shiftpress.gates._spectra._half", half)
        found.append(gate.weights(seen(gate.look(images[200:])), gate.learn(bank)))
    assert torch.equal(*found) and 0 < found[0][:, 0].mean() < 1


def test_rings_are_means_over_whole_radii_and_the_corners_are_in_the_last():
    image = torch.rand(2, 3, 32, 32, generator=RANDOM)
    plane, rings = spectra(image, "log_amplitude").view(2, 32, 32), spectra(image, "radial")
    assert rings.shape == (2, 17) and rings[:, 0].abs().max() < 1e-3, "the mean is taken off"
    first = (plane[:, 0, 1] + plane[:, 0, -1] + plane[:, 1, 0] + plane[:, -1, 0]) / 4
    diagonal = torch.stack([plane[:, i, j] for i in (1, -1) for j in (1, -1)]).mean(0)
    assert torch.allclose(rings[:, 1], (first + diagonal) / 2, atol=1e-5)
    assert torch.equal(spectra(image, "high"), rings[:, 8:])


def test_brightness_moves_no_spectrum_and_noise_lifts_the_high_frequencies():
    image = torch.rand(1, 1, 16, 16, generator=RANDOM) * 0.5
    assert torch.allclose(spectra(image + 0.3, "log_amplitude"), spectra(image, "log_amplitude"), atol=1e-4)
    noisy = WAVE + 0.1 * torch.randn(1, 1, 32, 32, generator=RANDOM)
    assert (spectra(noisy, "high") > spectra(WAVE, "high") + 0.5).all()


def test_distances_are_those_of_their_names():
    a, b = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 4.0], [6.0, 0.0]])
    assert torch.allclose(distances(a, b, "l2"), torch.tensor([[12.5, 4.5]]).double().sqrt())
    assert torch.allclose(distances(a, b, "cosine"), torch.tensor([[1.0, 0.0]]).double())
    p, q = (torch.tensor([values]).double().sqrt().log1p() for values in ([1.0, 3.0], [1.0, 1.0]))
    wanted = 0.25 * torch.tensor(0.5).log() + 0.75 * torch.tensor(1.5).log()
    assert distances(p, q, "kl").item() == pytest.approx(float(wanted), abs=1e-6)


def test_the_nearest_groups_share_the_weight():
    scores = torch.tensor([[1.0, 3.0, 2.0], [5.0, 5.0, 0.0]])
    assert hardest(scores).tolist() == [[0, 1, 0], [1, 0, 0]]
    assert hardest(scores, 2).tolist() == [[0, 0.5, 0.5], [0.5, 0.5, 0]]
    assert hardest(scores, 9).tolist() == [[pytest.approx(1 / 3)] * 3] * 2


KEPT = {"a": torch.zeros(1, 4), "b": torch.full((1, 4), 2.0)}
FEATURES = torch.tensor([0.4, 0.9, 1.2, 1.9])[:, None].expand(4, 4)


def test_a_batch_goes_where_its_mean_is_nearest():
    assert Spectral().weights(seen(FEATURES), KEPT)[:, 0].tolist() == [1, 1, 0, 0]
    assert Spectral().weights(seen(FEATURES, batch=3), KEPT)[:, 0].tolist() == [1, 1, 1, 0]


def test_votes_count_images_and_not_distances():
    rows = torch.tensor([0.9, 0.9, 2.0])[:, None].expand(3, 4)
    assert Spectral().weights(seen(rows, batch=3), KEPT)[0].tolist() == [0, 1]
    assert Spectral(statistic="vote").weights(seen(rows, batch=3), KEPT)[0].tolist() == [1, 0]


def test_soft_weights_are_a_softmax_of_the_distances():
    weights = Spectral(nearest=2, temperature=0.5).weights(seen(FEATURES), KEPT)
    wanted = torch.tensor([-0.4, -1.6]).div(0.5).softmax(0)
    assert torch.allclose(weights[0], wanted) and (weights > 0).all()


def test_a_temperature_needs_something_to_weigh():
    with pytest.raises(ValueError, match="raise nearest"):
        Spectral(temperature=0.5)


def test_neighbours_are_counted_in_the_bank():
    bank = {"a": torch.tensor([[0.0], [0.1], [5.0]]), "b": torch.tensor([[0.2], [5.1], [5.2]])}
    gate = Spectral(statistic="knn", neighbours=3)
    shares = gate._scores(seen(torch.tensor([[0.0], [5.2]])), list(bank.values()))
    assert torch.allclose(shares, torch.tensor([[2 / 3, 1 / 3], [1 / 3, 2 / 3]]).double())


def test_the_learned_gate_finds_a_line_between_two_clouds():
    random = torch.Generator().manual_seed(1)
    noise = 0.1 * torch.randn(80, 1, 16, 16, generator=random)
    flat = torch.full((80, 1, 16, 16), 0.5)
    bank = {"a": flat + noise, "b": flat + noise / 4}
    gate = Learned()
    test = torch.cat([flat[:5] + noise.flip(0)[:5], flat[:5] + noise.flip(0)[:5] / 4])
    weights = gate.weights(seen(gate.look(test)), gate.learn(bank))
    assert weights[:, 0].tolist() == [1.0] * 5 + [0.0] * 5
    soft = Learned(soft=True).weights(seen(gate.look(test)), gate.learn(bank))
    assert (soft > 0).all() and (soft[:5, 0] > 0.9).all() and (soft[5:, 0] < 0.1).all()


def test_confidence_and_oracle_choose_by_what_they_read():
    sure_and_wrong = torch.tensor([[[5.0, 0.0, 0.0]]]).expand(1, 4, 3)
    unsure_and_right = torch.tensor([[[0.0, 1.0, 0.0]]]).expand(1, 4, 3)
    logits, labels = torch.cat([sure_and_wrong, unsure_and_right]), torch.ones(4, dtype=torch.long)
    none = torch.zeros(4, 0)
    assert Confidence().weights(seen(none, logits=logits), {})[:, 0].tolist() == [1] * 4
    assert Oracle().weights(seen(none, logits=logits, labels=labels), {})[:, 1].tolist() == [1] * 4


def test_averages_of_probabilities_and_of_logits_differ_as_they_should():
    logits = torch.tensor([[[4.0, 0.0]], [[0.0, 1.0]]])
    even = Uniform().weights(seen(torch.zeros(1, 0)), {})
    chances = logits.double().softmax(2)
    assert torch.allclose(blend(even, logits, "probabilities"), chances.mean(0))
    assert torch.allclose(blend(even, logits, "logits"), torch.tensor([[2.0, 0.5]]).double().softmax(1))


MINE = '''"""The first card alone."""

import torch

from shiftpress.gates.base import Gate


class First(Gate):
    """Never asks a second card."""

    title = "first"

    def weights(self, seen, kept):
        found = torch.zeros(len(seen.features), len(seen.groups))
        found[:, 0] = 1
        return found
'''


def test_a_gate_is_added_by_one_file_and_one_line(tmp_path, monkeypatch):
    import shiftpress.gates as family

    (tmp_path / "first.py").write_text(MINE)
    monkeypatch.setattr(family, "__path__", [*family.__path__, str(tmp_path)])
    text = (ROOT / "params.yaml").read_text()
    (tmp_path / "params.yaml").write_text(
        text.replace("  uniform: {kind: uniform}\n", "  uniform: {kind: uniform}\n  mine: {kind: first}\n").replace(
            "gates: [uniform, uniform_logits,", "gates: [mine, uniform, uniform_logits,"
        )
    )
    study = load_study([str(tmp_path / "params.yaml")])
    gate = build("gates", study.gates["mine"])
    assert "mine" in study.chosen("gates") and gate.weights(seen(torch.zeros(3, 0)), {}).tolist() == [[1, 0]] * 3


@pytest.mark.parametrize("statistic", ["mean", "vote", "knn"])
@pytest.mark.parametrize("shape", [(32, 32), (7, 9), (9, 6)])
def test_half_planes_mirrored_after_the_mean_weigh_as_whole_planes_do(shape, statistic):
    images = torch.rand(60, 2, *shape, generator=RANDOM)
    bank, gate = {"a": images[:20], "b": images[20:40]}, Spectral(statistic=statistic)
    whole, kept = spectra(images[40:], "log_amplitude"), gate.learn(bank)
    assert gate.look(images).shape == (60, shape[0], shape[1] // 2 + 1)
    assert torch.equal(
        gate.weights(seen(gate.look(images[40:]), batch=7), kept), gate.weights(seen(whole, batch=7), kept)
    )
    assert torch.equal(gate.softly(seen(gate.look(images[40:])), kept), gate.softly(seen(whole), kept))
