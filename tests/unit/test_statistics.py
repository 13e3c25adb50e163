"""Statistics by hand: what intervals, tests and corrections give for values small enough to count."""

import numpy as np
import pytest
from scipy import stats

from shiftpress.core.hierarchical import Crossed
from shiftpress.core.statistics import (
    estimate,
    first_descent,
    geometric_estimate,
    holm,
    sign_flip_tails,
    slope,
    student_tails,
)


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0]])
def test_fewer_than_three_seeds_give_no_interval(values):
    found = estimate(values)
    assert found.low is None and found.high is None and found.half_width is None
    assert found.mean == np.mean(values)


def test_ratios_are_averaged_on_the_log_scale():
    found = geometric_estimate([1.0, 2.0, 4.0])
    assert found.mean == pytest.approx(2.0)
    assert found.low * found.high == pytest.approx(4.0)


@pytest.mark.parametrize(("n", "smallest"), [(3, 1 / 8), (5, 1 / 32), (8, 1 / 256)])
def test_the_sign_flip_test_is_exact_and_knows_its_limit(n, smallest):
    assert sign_flip_tails(range(1, n + 1), 0.0).greater == pytest.approx(smallest)
    # one of the n smallest negative: only patterns with a sum as large count
    values = [-1.0, *range(2, n + 1)]
    patterns = np.array(np.meshgrid(*[[-1, 1]] * n)).reshape(n, -1).T
    expected = np.mean(patterns @ np.abs(values) >= sum(values) - 1e-9)
    assert sign_flip_tails(values, 0.0).greater == pytest.approx(expected)


@pytest.mark.parametrize(
    ("values", "expected"), [([2.0] * 3, (0.0, 1.0)), ([1.0] * 3, (0.5, 0.5)), ([0.5] * 3, (1.0, 0.0))]
)
def test_values_without_spread_decide_unless_they_are_the_threshold(values, expected):
    found = student_tails(values, 1.0)
    assert (found.greater, found.less) == expected


@pytest.mark.parametrize("gap", [1e-16, -3e-16])
def test_rounding_decides_no_tie(gap):
    """Three seeds that lose 0.3 - 0.2 are at a threshold of 0.1, whichever way the last bit of each fell."""
    values = [0.3 - 0.2 + gap, 0.1, 0.4 - 0.3 + gap]
    found, crossed = student_tails(values, 0.1), Crossed(values[0], 3, 100, 1e-34, 0.0).tails(0.1)
    assert (found.greater, found.less) == (crossed.greater, crossed.less) == (0.5, 0.5)
    clear = student_tails(values, 0.0)
    assert (clear.greater, clear.less) == (0.0, 1.0)


def test_holms_correction_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.7]) == pytest.approx([1.0, 1.0]) and holm([]) == []


def test_a_slope_and_a_crossing_by_hand():
    assert slope([4, 5, 6], [1.0, 3.0, 2.0]) == pytest.approx(0.5)
    assert first_descent([0, 1, 3], [2.0, 1.0, -1.0]) == pytest.approx(2.0)
    assert first_descent([0, 1, 3], [-2.0, -1.0, 1.0]) is None
    assert first_descent([0, 1, 2, 3], [1.0, 0.0, 1.0, -1.0]) == 1.0


@pytest.mark.parametrize("values", [[1.0, 2.0, -1.5], [0.1, 0.2, 0.3, -0.3, 0.1], [1e-3] * 8, [-2.0, 0.0, 0.0, 1.0]])
def test_flipped_signs_are_counted_as_scipy_counts_them(values):
    for threshold in (0.0, 0.1, -0.05):
        data = np.asarray(values) - threshold
        wanted = {
            side: stats.permutation_test(
                (data,), np.mean, permutation_type="samples", vectorized=True, alternative=side, n_resamples=2**16
            ).pvalue
            for side in ("greater", "less")
        }
        assert vars(sign_flip_tails(values, threshold)) == wanted
