"""Intervals cover what they promise, and are withheld when there are too few seeds."""

import numpy as np
import pytest

from shiftpress.core.statistics import estimate, geometric_estimate


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
