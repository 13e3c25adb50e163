"""What is said about cards beside their accuracy is what the definitions say, written out slowly."""

import math

import pytest
import torch
from torch import nn

from shiftpress.core.draws import Draws
from shiftpress.core.params import Analysis
from shiftpress.core.splits import Split
from shiftpress.evaluation.analysis import of_frequencies, of_layers, of_margins, of_slopes
from shiftpress.evaluation.calibration import brier_score, expected_calibration_error
from shiftpress.evaluation.cards import logits, measure, of_storage
from shiftpress.evaluation.cells import Cell
from shiftpress.evaluation.fourier import HeatMap, heat_map, wave
from shiftpress.evaluation.jacobian import gradient_norms, jacobian_norms
from shiftpress.evaluation.margins import margin_check, margins

RNG = torch.Generator().manual_seed(0)
LABELS = torch.randint(0, 4, (700,), generator=RNG)
LOGITS = 2 * torch.randn(700, 4, generator=RNG) + 2 * nn.functional.one_hot(LABELS, 4)
IMAGES = torch.rand(6, 2, 8, 6, generator=RNG)


def small_net(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(2, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(4 * 6 * 4, 4)).eval()


def test_calibration_error_is_the_weighted_gap_of_fifteen_bins():
    probabilities, expected = LOGITS.double().softmax(1), 0.0
    for b in range(15):
        inside = []
        for row, label in zip(probabilities.tolist(), LABELS.tolist(), strict=True):
            confidence = max(row)
            if b / 15 < confidence <= (b + 1) / 15:
                inside.append((confidence, row.index(confidence) == label))
        if inside:
            sure = sum(c for c, _ in inside) / len(inside)
            right = sum(r for _, r in inside) / len(inside)
            expected += len(inside) / len(LABELS) * abs(sure - right)
    assert expected > 0.01
    assert expected_calibration_error(probabilities, LABELS) == pytest.approx(expected, abs=1e-12)


def test_a_confidence_on_an_edge_belongs_to_the_lower_bin():
    # 0.6 is the edge between bins 9 and 10 of 15: with 0.62 in bin 10, the gaps of the two must not cancel
    rows, labels = torch.tensor([[0.6, 0.4], [0.62, 0.38]], dtype=torch.float64), torch.tensor([0, 1])
    assert expected_calibration_error(rows, labels) == pytest.approx((0.4 + 0.62) / 2)


def test_brier_score_is_the_squared_distance_from_the_truth():
    probabilities = LOGITS.double().softmax(1)
    distances = [
        sum((p - (k == label)) ** 2 for k, p in enumerate(row))
        for row, label in zip(probabilities.tolist(), LABELS.tolist(), strict=True)
    ]
    assert brier_score(probabilities, LABELS) == pytest.approx(sum(distances) / len(distances), abs=1e-12)
    assert brier_score(torch.eye(3)[[0, 1]], torch.tensor([0, 2])) == 1


def test_a_card_is_measured_by_accuracy_and_calibration():
    net, labels = small_net(), torch.tensor([0, 1, 2, 3, 0, 1])
    found, probabilities = measure(net)(IMAGES, labels), logits(net, IMAGES).double().softmax(1)
    assert found == {
        "accuracy": pytest.approx(float((probabilities.argmax(1) == labels).double().mean())),
        "ece": expected_calibration_error(probabilities, labels),
        "brier": brier_score(probabilities, labels),
    }


def test_the_bytes_of_a_card_are_records():
    from shiftpress.assembly import build
    from shiftpress.packing.card import pack

    fields = {"depth": 2, "width": 0.05}
    net = build("classifiers", {"kind": "convn", **fields}).build((1, 8, 8), 3)
    shared = {"phase": "cards", "dataset": "d", "model": "m", "seed": 0, "fingerprint": "f"}
    found = {r.metric: r for r in of_storage(net, "convn", fields, (1, 8, 8), 3, **shared)}
    assert set(found) == {"disk_bytes", "bytes_nonzero", "bytes_bitmap", "bytes_entropy", "bytes_dense"}
    assert found["disk_bytes"].value == len(pack(net.state_dict(), "convn", fields, (1, 8, 8), 3))
    assert {record.shift for record in found.values()} == {"storage"}


def test_a_margin_is_the_lead_of_the_label():
    found = margins(LOGITS, LABELS).tolist()
    for row, label, margin in zip(LOGITS.double().tolist(), LABELS.tolist(), found, strict=True):
        assert margin == row[label] - max(value for k, value in enumerate(row) if k != label)


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.3, 2.0, 50.0])
def test_the_margin_lemma_holds_at_the_largest_distance(noise):
    card = LOGITS + noise * torch.rand(LOGITS.shape, generator=torch.Generator().manual_seed(1))
    check = margin_check(LOGITS, card, LABELS)
    assert check.violations == 0 and check.drop <= check.bound
    # the definitions, image by image
    distance = max((LOGITS.double() - card.double()).abs().max(1).values.tolist())
    lead = margins(LOGITS, LABELS).tolist()
    assert check.distance == distance
    assert check.bound == pytest.approx(sum(0 < m <= 2 * distance for m in lead) / 700)
    right = [sum(m > 0 for m in margins(z, LABELS).tolist()) for z in (LOGITS, card)]
    assert check.drop == pytest.approx((right[0] - right[1]) / 700, abs=1e-12)


def test_the_margin_lemma_can_fail_at_a_smaller_distance():
    card = LOGITS.clone()
    card[:5] = -card[:5]  # a few images far off: the 99 % quantile does not see them
    check = margin_check(LOGITS, card, LABELS, quantile=0.99)
    assert check.distance == 0 and check.bound == 0 and check.violations > 0
    assert margin_check(LOGITS, card, LABELS).violations == 0


@pytest.mark.parametrize("of", ["logits", "probabilities"])
def test_jacobian_norms_are_those_of_the_whole_matrix(of):
    net = small_net()
    found = jacobian_norms(net, IMAGES, of)
    for image, norm in zip(IMAGES, found, strict=True):
        whole = torch.func.jacrev(lambda x: net(x[None])[0].softmax(0) if of == "probabilities" else net(x[None])[0])
        assert float(norm) == pytest.approx(whole(image).detach().double().square().sum().sqrt().item(), rel=1e-5)
    assert found.std() > 0


def test_gradient_norms_match_finite_differences():
    net, labels = small_net().double(), torch.tensor([0, 1, 2, 3, 0, 1])
    images, found, step = IMAGES.double(), [], 1e-5
    for image, label in zip(images, labels, strict=True):
        square = 0.0
        for place in range(image.numel()):
            losses = []
            for sign in (1, -1):
                moved = image.flatten().clone()
                moved[place] += sign * step
                losses.append(nn.functional.cross_entropy(net(moved.view(1, 2, 8, 6)), label[None]).item())
            square += ((losses[0] - losses[1]) / (2 * step)) ** 2
        found.append(math.sqrt(square))
    assert gradient_norms(net, images, labels).tolist() == pytest.approx(found, rel=1e-5)


@pytest.mark.parametrize(("i", "j"), [(0, 0), (0, 2), (3, 0), (2, 1), (3, -2), (1, -1)])
def test_a_wave_has_length_one_and_one_pair_of_frequencies(i, j):
    pattern = wave(i, j, 8, 6)
    assert float(pattern.norm()) == pytest.approx(1, abs=1e-6)
    spectrum = torch.fft.fft2(pattern.double()).abs()
    wanted = torch.zeros(8, 6, dtype=torch.bool)
    wanted[i % 8, j % 6] = wanted[-i % 8, -j % 6] = True
    assert (spectrum[wanted] > 1).all() and (spectrum[~wanted] < 1e-5).all()
    assert torch.equal(pattern, wave(-i, -j, 8, 6))


def slow_heat(net: nn.Module, labels: torch.Tensor, ids: torch.Tensor, norm: float, i: int, j: int) -> float:
    """Error under one frequency, image by image, from the definition."""
    spectrum = torch.zeros(8, 6, dtype=torch.complex128)
    spectrum[i % 8, j % 6] = 1
    basis = torch.fft.ifft2(spectrum).real
    basis = basis / basis.norm()
    wrong = 0
    for n, image in enumerate(IMAGES):
        # the same signs for opposite frequencies: those of the one in the upper half
        a, b = max((i, j), (-i, -j))
        signs = Draws(5, ids[n : n + 1]).integers(2, stream=(a % 8) * 6 + b % 6)[0] % 2 * 2 - 1
        noisy = (image + norm * signs[:, None, None] * basis).clamp(0, 1).float()
        wrong += int(net(noisy[None]).argmax() != labels[n])
    return wrong / len(IMAGES)


@pytest.mark.parametrize("step", [1, 2])
def test_a_heat_map_is_the_error_under_each_frequency(step):
    net, ids = small_net(), torch.arange(100, 106)
    labels = logits(net, IMAGES).argmax(1)
    found = heat_map(net, IMAGES, labels, ids, seed=5, norm=3.0, step=step)
    assert (found.rows, found.columns) == (
        ([-3, -2, -1, 0, 1, 2, 3], [-2, -1, 0, 1, 2]) if step == 1 else ([-2, 0, 2], [-2, 0, 2])
    )
    for a, i in enumerate(found.rows):
        for b, j in enumerate(found.columns):
            assert float(found.errors[a, b]) == slow_heat(net, labels, ids, 3.0, i, j)
    assert 0 < found.errors.mean() < 1 and found.errors.std() > 0


def test_a_heat_map_does_not_depend_on_the_order_of_images():
    net, ids, order = small_net(), torch.arange(6), torch.tensor([4, 2, 0, 5, 1, 3])
    labels = torch.tensor([0, 1, 2, 3, 0, 1])
    one = heat_map(net, IMAGES, labels, ids, 1, step=2).errors
    other = heat_map(net, IMAGES[order], labels[order], ids[order], 1, step=2).errors
    assert torch.equal(one, other)


def test_rings_average_over_their_frequencies():
    side = list(range(-15, 16))
    errors = torch.tensor([[math.hypot(i, j) for j in side] for i in side])
    found = HeatMap(errors, side, side).rings()
    expected = {"low": [], "mid": [], "high": []}
    for value in errors.flatten().tolist():
        expected["low" if value <= 4 else "mid" if value <= 10 else "high"].append(value)
    assert found == {name: pytest.approx(sum(v) / len(v), rel=1e-5) for name, v in expected.items()}
    assert set(HeatMap(torch.zeros(3, 3), [-2, 0, 2], [-2, 0, 2]).rings()) == {"low"}


SHARED = {"phase": "cards", "dataset": "d", "model": "m", "seed": 0, "fingerprint": "f"}
LITTLE = Analysis(frequency_step=1, frequency_images=4, slope_images=3, margin_images=5)


def split() -> Split:
    return Split((IMAGES * 255).byte(), torch.tensor([0, 1, 2, 3, 0, 1]), torch.arange(6), torch.arange(6))


def test_errors_under_frequencies_are_records_of_half_the_plane_and_of_rings():
    net, test = small_net(), split()
    found = {r.metric: r for r in of_frequencies(net, test, LITTLE, 5, **SHARED)}
    whole = heat_map(net, test.pixels[:4], test.labels[:4], test.ids[:4], 5)
    assert len(found) == (7 * 5 + 1) / 2 + len(whole.rings())
    assert found["error/3/-2"].value == whole.errors[6, 0] == whole.errors[0, 4]
    assert found["error_low"].value == pytest.approx(whole.rings()["low"])
    assert {(r.shift, r.n, r.severity) for r in found.values()} == {("fourier", 4, 0.0)}


def test_slopes_are_means_over_the_first_images():
    net, test = small_net(), split()
    found = {r.metric: r.value for r in of_slopes(net, test, LITTLE, **SHARED)}
    assert found["jacobian_norm"] == pytest.approx(float(jacobian_norms(net, test.pixels[:3], "probabilities").mean()))
    assert found["gradient_norm"] == pytest.approx(float(gradient_norms(net, test.pixels[:3], test.labels[:3]).mean()))


def test_layers_are_named_in_their_order_with_the_share_they_keep():
    net = small_net()
    with torch.no_grad():
        net[3].weight[:, :24] = 0
    found = [(r.metric, r.value) for r in of_layers(net, **SHARED)]
    assert found == [("kept/00/0", 1.0), ("kept/01/3", 0.75)]


def test_the_margin_lemma_is_tried_at_the_largest_severity_of_each_shift():
    dense, card, labels = small_net(), small_net(seed=1), torch.tensor([0, 1, 2, 3, 0, 1])
    made = [Cell(*where, "regenerated", IMAGES * scale, labels) for *where, scale in [("a", 1.0, 0.9), ("a", 3.0, 0.5)]]
    found = {
        r.metric: r
        for r in of_margins(dense, card, [*made, Cell("b", 0.0, "official", IMAGES, labels)], LITTLE, **SHARED)
        if r.shift == "a"
    }
    assert {(r.severity, r.n) for r in found.values()} == {(3.0, 5)}
    images = IMAGES[:5] * 0.5
    check = margin_check(logits(dense, images), logits(card, images), labels[:5])
    assert found["margin_bound"].value == check.bound and found["margin_drop"].value == check.drop
    assert found["margin_broken"].value == 0 and found["margin_broken_q99"].value <= 0.2
