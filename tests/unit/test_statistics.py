"""Intervals cover what they promise, tests keep their level, and nothing is claimed of too few seeds."""

import numpy as np
import pytest

from shiftpress.core.statistics import (
    LEVEL,
    detectable_effect,
    estimate,
    first_descent,
    geometric_estimate,
    holm,
    sign_flip_tails,
    slope,
    student_tails,
)

TRIALS = 4000
MARGIN = 4 * (LEVEL * (1 - LEVEL) / TRIALS) ** 0.5
"""Four standard deviations of a rejection rate at the level."""


@pytest.mark.parametrize("n", [3, 5, 10])
def test_a_95_percent_interval_covers_95_percent(n):
    rng = np.random.default_rng(n)
    found = [estimate(row) for row in rng.normal(1.0, 2.0, (4000, n))]
    share = np.mean([e.low <= 1.0 <= e.high for e in found])
    assert 0.935 <= share <= 0.965


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0]])
def test_fewer_than_three_seeds_give_no_interval(values):
    found = estimate(values)
    assert found.low is None and found.high is None and found.half_width is None
    assert found.mean == np.mean(values)


def test_ratios_are_averaged_on_the_log_scale():
    found = geometric_estimate([1.0, 2.0, 4.0])
    assert found.mean == pytest.approx(2.0)
    assert found.low * found.high == pytest.approx(4.0)


@pytest.mark.parametrize("n", [3, 5, 10])
def test_intervals_of_ratios_cover_95_percent_too(n):
    rng = np.random.default_rng(10 + n)
    found = [geometric_estimate(row) for row in rng.lognormal(0.2, 0.3, (TRIALS, n))]
    assert 0.935 <= np.mean([e.low <= np.exp(0.2) <= e.high for e in found]) <= 0.965


@pytest.mark.parametrize("n", [3, 5, 10])
def test_students_test_keeps_its_level_and_agrees_with_the_interval(n):
    rows = np.random.default_rng(n).normal(1.0, 2.0, (TRIALS, n))
    tails = [student_tails(row, 1.0) for row in rows]
    assert np.mean([t.greater <= LEVEL for t in tails]) == pytest.approx(LEVEL, abs=MARGIN)
    assert np.mean([t.less <= LEVEL for t in tails]) == pytest.approx(LEVEL, abs=MARGIN)
    assert [t.greater <= LEVEL for t in tails] == [estimate(row).low >= 1.0 for row in rows]


@pytest.mark.parametrize("n", [3, 5, 10])
def test_equivalence_is_rarely_found_on_the_edge_of_its_margins(n):
    rows = np.random.default_rng(20 + n).normal(1.0, 0.2, (TRIALS, n))
    equivalent = [max(student_tails(r, -1.0).greater, student_tails(r, 1.0).less) <= LEVEL for r in rows]
    assert np.mean(equivalent) <= LEVEL + MARGIN


@pytest.mark.parametrize(("n", "smallest"), [(3, 1 / 8), (5, 1 / 32), (8, 1 / 256)])
def test_the_sign_flip_test_is_exact_and_knows_its_limit(n, smallest):
    assert sign_flip_tails(range(1, n + 1), 0.0).greater == pytest.approx(smallest)
    # one of the n smallest negative: only patterns with a sum as large count
    values = [-1.0, *range(2, n + 1)]
    patterns = np.array(np.meshgrid(*[[-1, 1]] * n)).reshape(n, -1).T
    expected = np.mean(patterns @ np.abs(values) >= sum(values) - 1e-9)
    assert sign_flip_tails(values, 0.0).greater == pytest.approx(expected)


def test_the_sign_flip_test_keeps_its_level_where_spreads_are_wild():
    rows = np.random.default_rng(5).standard_t(1, (600, 8))
    share = np.mean([sign_flip_tails(row, 0.0).greater <= LEVEL for row in rows])
    assert share <= LEVEL + 4 * (LEVEL * (1 - LEVEL) / 600) ** 0.5


@pytest.mark.parametrize(
    ("values", "expected"), [([2.0] * 3, (0.0, 1.0)), ([1.0] * 3, (0.5, 0.5)), ([0.5] * 3, (1.0, 0.0))]
)
def test_values_without_spread_decide_unless_they_are_the_threshold(values, expected):
    found = student_tails(values, 1.0)
    assert (found.greater, found.less) == expected


def test_holms_correction_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.7]) == pytest.approx([1.0, 1.0]) and holm([]) == []


def test_holm_keeps_the_level_over_a_family():
    rng = np.random.default_rng(9)
    families = [[student_tails(row, 0.0).greater for row in rng.normal(0, 1, (5, 4))] for _ in range(TRIALS)]
    false = np.mean([min(holm(family)) <= LEVEL for family in families])
    assert false <= LEVEL + MARGIN and false >= 0.015


@pytest.mark.parametrize("n", [3, 5, 10])
def test_a_detectable_effect_is_seen_four_times_in_five(n):
    scaled = np.random.default_rng(n).normal(0, 1, (TRIALS, n))
    unit = np.arange(n) - (n - 1) / 2
    effect = detectable_effect(unit / unit.std(ddof=1))  # at a spread of exactly 1
    seen = np.mean([student_tails(row + effect, 0.0).greater <= LEVEL for row in scaled])
    assert 0.77 <= seen <= 0.83


def test_a_slope_and_a_crossing_by_hand():
    assert slope([4, 5, 6], [1.0, 3.0, 2.0]) == pytest.approx(0.5)
    assert first_descent([0, 1, 3], [2.0, 1.0, -1.0]) == pytest.approx(2.0)
    assert first_descent([0, 1, 3], [-2.0, -1.0, 1.0]) is None
    assert first_descent([0, 1, 2, 3], [1.0, 0.0, 1.0, -1.0]) == 1.0
