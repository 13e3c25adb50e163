"""By simulation: 95 % intervals cover 95 %, tests keep their level, and detectable effects are detected."""

import numpy as np
import pytest
from scipy import stats

from shiftpress.core.statistics import (
    LEVEL,
    detectable_effect,
    equivalence_tails,
    estimate,
    geometric_estimate,
    half_widths,
    holm,
    sign_flip_tails,
    slope,
    student_tails,
)

DRAWS = 20_000
SEEDS = (3, 5, 10)
MARGIN = 4 * (LEVEL * (1 - LEVEL) / DRAWS) ** 0.5
"""Four standard deviations of a rejection rate at the level."""


def covered(rows: np.ndarray, truth: float) -> float:
    """The share of rows of values, one for each seed, whose interval holds the truth."""
    half = half_widths(rows)
    return float(np.mean(np.abs(rows.mean(axis=-1) - truth) <= half))


def tails(rows: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Where Student's test rejects, greater and less: where the interval lies wholly on that side."""
    half, mean = half_widths(rows, 1 - 2 * LEVEL), rows.mean(axis=-1)
    return mean - half >= threshold, mean + half <= threshold


@pytest.mark.parametrize("n", SEEDS)
def test_intervals_of_means_cover_95_percent(n):
    rows = np.random.default_rng(n).normal(1.0, 2.0, (DRAWS, n))
    assert 0.935 <= covered(rows, 1.0) <= 0.965
    for row in rows[:20]:  # the interval that everybody calls is this one
        found = estimate(row.tolist())
        assert found.half_width == pytest.approx(half_widths(row))


@pytest.mark.parametrize("n", SEEDS)
def test_intervals_of_ratios_cover_95_percent(n):
    rows = np.random.default_rng(10 + n).lognormal(0.2, 0.3, (DRAWS, n))
    assert 0.935 <= covered(np.log(rows), 0.2) <= 0.965
    for row in rows[:20]:
        found = geometric_estimate(row.tolist())
        assert np.log(found.high / found.low) / 2 == pytest.approx(half_widths(np.log(row)))


@pytest.mark.parametrize("n", SEEDS)
def test_intervals_of_paired_differences_cover_95_percent_where_seeds_differ_more_than_arms(n):
    rng = np.random.default_rng(20 + n)
    seeds = rng.normal(0, 10, (DRAWS, n))
    arm, baseline = (seeds + rng.normal(level, 0.1, (DRAWS, n)) for level in (0.5, 0.3))
    assert 0.935 <= covered(arm - baseline, 0.2) <= 0.965
    assert np.median(half_widths(arm - baseline)) < np.median(half_widths(arm)) / 20, "pairing is what makes it narrow"


@pytest.mark.parametrize("n", SEEDS)
def test_intervals_of_slopes_cover_95_percent_and_their_test_keeps_its_level(n):
    rng = np.random.default_rng(30 + n)
    places = np.array([4.0, 5.0, 7.0, 8.0])
    curves = rng.normal(0, 5, (DRAWS, n, 1)) + 0.3 * places + rng.normal(0, 1, (DRAWS, n, 4))
    centred = places - places.mean()
    slopes = curves @ centred / (centred @ centred)
    assert slopes[0, 0] == pytest.approx(slope(places, curves[0, 0])), "this is the slope that claims use"
    assert 0.935 <= covered(slopes, 0.3) <= 0.965
    rising, _ = tails(slopes, 0.3)
    assert rising.mean() == pytest.approx(LEVEL, abs=MARGIN)


@pytest.mark.parametrize("n", SEEDS)
@pytest.mark.parametrize("spread", ["uniform", "laplace"])
def test_intervals_cover_about_95_percent_where_values_are_not_normal(n, spread):
    """Not within the promise, which is for normal values; but never far from it."""
    rows = getattr(np.random.default_rng(40 + n), spread)(-1.0, 1.0, (DRAWS, n))
    assert 0.92 <= covered(rows, 0.0 if spread == "uniform" else -1.0) <= 0.985


@pytest.mark.parametrize("n", SEEDS)
def test_students_test_keeps_its_level_on_both_sides(n):
    rows = np.random.default_rng(50 + n).normal(1.0, 2.0, (DRAWS, n))
    for rejected in tails(rows, 1.0):
        assert rejected.mean() == pytest.approx(LEVEL, abs=MARGIN)
    for row, greater in zip(rows[:300], tails(rows, 1.0)[0][:300], strict=True):
        assert (student_tails(row, 1.0).greater <= LEVEL) == greater


@pytest.mark.parametrize("n", SEEDS)
@pytest.mark.parametrize("ratio", [0.1, 0.5, 2.0])
def test_equivalence_is_rarely_found_on_the_edge_of_its_margins(n, ratio):
    """Schuirmann's test is conservative where the spread is large beside the margins, and exact where it is small."""
    rows = np.random.default_rng(60 + n).normal(1.0, ratio, (DRAWS, n))
    above, below = tails(rows, -1.0)[0], tails(rows, 1.0)[1]
    assert (above & below).mean() <= LEVEL + MARGIN
    for row, found in zip(rows[:200], (above & below)[:200], strict=True):
        assert (equivalence_tails(row, -1.0, 1.0)[0] <= LEVEL) == found
    if ratio == 0.1:
        assert (above & below).mean() == pytest.approx(LEVEL, abs=MARGIN)


@pytest.mark.parametrize("n", [3, 5])
def test_the_sign_flip_test_never_rejects_where_so_few_seeds_cannot(n):
    assert 2**-n > LEVEL
    rows = np.random.default_rng(n).normal(5.0, 0.1, (20, n))
    assert all(sign_flip_tails(row, 0.0).greater == 2**-n for row in rows)


def test_the_sign_flip_test_keeps_its_level_where_spreads_are_wild():
    rows = np.random.default_rng(5).standard_t(1, (600, 8))
    share = np.mean([sign_flip_tails(row, 0.0).greater <= LEVEL for row in rows])
    assert share <= LEVEL + 4 * (LEVEL * (1 - LEVEL) / 600) ** 0.5


def test_holm_keeps_the_level_over_a_family():
    """Five true hypotheses, and five of which two are false: no more than the level rejects a true one."""
    rng = np.random.default_rng(9)
    for effects in ([0.0] * 5, [2.0, 0.0, 0.0, 5.0, 0.0]):
        rows = rng.normal(0, 1, (4000, 5, 4)) + np.array(effects)[:, None]
        p = stats.t.sf(rows.mean(-1) / (rows.std(-1, ddof=1) / 2), 3)
        assert p[0, 0] == pytest.approx(student_tails(rows[0, 0], 0.0).greater)
        true = np.array(effects) == 0
        false = np.mean([min(np.array(holm(family.tolist()))[true]) <= LEVEL for family in p])
        assert 0.01 <= false <= LEVEL + 4 * (LEVEL * (1 - LEVEL) / 4000) ** 0.5


@pytest.mark.parametrize("n", SEEDS)
@pytest.mark.parametrize("more", [0, 2])
def test_a_detectable_effect_is_seen_four_times_in_five(n, more):
    unit = np.arange(n) - (n - 1) / 2
    effect = detectable_effect(unit / unit.std(ddof=1), more=more)  # at a spread of exactly 1
    rows = np.random.default_rng(70 + n).normal(effect, 1, (DRAWS, n + more))
    assert tails(rows, 0.0)[0].mean() == pytest.approx(0.8, abs=0.015)
