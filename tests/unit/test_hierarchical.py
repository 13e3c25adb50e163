"""Intervals over seeds and test images: they cover what they promise, decide as tests do, and come from each image."""

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save

from shiftpress.claims.model import Ledger
from shiftpress.claims.outcomes import Outcomes
from shiftpress.claims.verdict import judge
from shiftpress.core.hierarchical import Crossed, parts, quantiles
from shiftpress.core.statistics import LEVEL, estimate
from shiftpress.core.storage import write_artefact

DRAWS, IMAGES = 20_000, 40


def drawn(rng: np.random.Generator, n: int, seeds: float, both: float, draws: int) -> np.ndarray:
    """Values (draws, seeds, images) around 0. Images vary by 1; ``seeds`` is what seeds add to theirs of a mean."""
    spread = (seeds * n / IMAGES) ** 0.5
    found = rng.normal(0, both, (draws, n, IMAGES)) if both else np.zeros((draws, n, IMAGES))
    return found + rng.normal(0, spread, (draws, n, 1)) + rng.normal(0, 1, (draws, 1, IMAGES))


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize(("seeds", "both"), [(0.0, 1.0), (0.3, 1.0), (3.0, 0.0), (10.0, 0.0)])
def test_the_interval_covers_95_percent_whether_seeds_or_images_matter(n, seeds, both):
    values = drawn(np.random.default_rng(n), n, seeds, both, DRAWS)
    found = parts(values)
    half = quantiles(0.975, n, IMAGES, *found) * sum(found) ** 0.5
    assert 0.935 <= (np.abs(values.mean((1, 2))) <= half).mean() <= 0.965
    for one, reach in zip(map(Crossed.of, values[:30]), half[:30], strict=True):  # what claims use is this one
        low, high = one.interval()
        assert (high - low) / 2 == pytest.approx(reach)
        tails = one.tails(0.0)
        assert (tails.greater <= LEVEL) == (low >= 0) and (tails.less <= LEVEL) == (high <= 0)
        assert tails.greater + tails.less == pytest.approx(1)


def test_it_is_the_t_interval_over_seeds_if_images_do_not_differ():
    values = np.array([1.0, 2.0, 4.0])[:, None] + np.zeros((3, 50))
    found, alone = Crossed.of(values), estimate([1.0, 2.0, 4.0])
    assert found.interval() == pytest.approx((alone.low, alone.high))
    nothing = Crossed.of(np.ones((3, 50)))
    assert nothing.interval() == (1.0, 1.0) and nothing.tails(0.5).greater == 0 and nothing.tails(1.0).less == 0.5


def resampled(rng: np.random.Generator, values: np.ndarray, draws: int) -> np.ndarray:
    """Means of bootstrap samples of seeds and of images: (..., seeds, images) -> (..., draws)."""
    counts = [rng.multinomial(size, [1 / size] * size, draws) / size for size in values.shape[-2:]]
    return np.einsum("bs,...si,bi->...b", counts[0], values, counts[1], optimize=True)


def test_its_variance_is_that_of_a_bootstrap_of_seeds_and_images():
    rng = np.random.default_rng(0)
    values = drawn(rng, 3, 3.0, 0.0, 1)[0]
    found = Crossed.of(values)
    # drawing three of three seeds has two thirds of the variance
    wanted = 2 / 3 * found.of_seeds + found.of_images
    assert resampled(rng, values, 20_000).var() == pytest.approx(wanted, rel=0.05)


def test_percentiles_of_that_bootstrap_would_cover_far_too_little():
    rng = np.random.default_rng(1)
    means = resampled(rng, drawn(rng, 3, 10.0, 0.0, 1_000), 400)
    low, high = np.quantile(means, [0.025, 0.975], axis=-1)
    assert ((low <= 0) & (high >= 0)).mean() < 0.85


@pytest.mark.parametrize("more", [0, 2])
def test_a_detectable_effect_is_seen_four_times_in_five(more):
    n, of_images = 3 + more, 1 / IMAGES
    known = Crossed(0.0, 3, IMAGES, of_seeds=3.0 * of_images * n / 3, of_images=of_images)  # as the draws have it
    values = known.detectable(more=more) + drawn(np.random.default_rng(7), n, 3.0, 0.0, 4_000)
    found = parts(values)
    low = values.mean((1, 2)) - quantiles(1 - LEVEL, n, IMAGES, *found) * sum(found) ** 0.5
    assert (low >= 0).mean() == pytest.approx(0.8, abs=0.06)


CLAIM = {
    "statement": "Pruned withstand less.", "place": "table 1", "phase": "atmc", "metric": "robust_accuracy",
    "effect": "difference", "unit": "points", "scale": 100, "below": 0,
    "arm": {"model": "net/*[0-9]", "less": "net/none", "pooled": ["net/other"], "shifts": ["pgd", "weak"]},
    "baseline": {"model": "net/dense", "shifts": ["pgd"], "severities": [0.1, 0]},
    "reported": {"text": "t", "known": "read"},
}  # fmt: skip
MODELS = ("net/20", "net/other", "net/none", "net/dense")


def attacked(folder, kept: bool = True) -> tuple[pd.DataFrame, Outcomes]:
    """Records of four networks under two attacks at two radii with three seeds, and their images one by one."""
    rng, tensors, rows = np.random.default_rng(3), {}, []
    for seed in range(3):
        for chance, model in zip((0.3, 0.4, 0.5, 0.8), MODELS, strict=True):
            place = f"atmc/toy/{seed}/{model}"
            cells = {(attack, eps): rng.random(40) < chance - eps for attack in ("pgd", "weak") for eps in (0.1, 0.2)}
            tensors |= {f"{place}/{attack}/{eps}": stood for (attack, eps), stood in cells.items()}
            tensors |= {f"{place}/clean": (clean := rng.random(40) < chance), f"{place}/ids": np.arange(40)}
            tensors[f"{place}/pgd/0.1/through/own"] = clean
            for (attack, eps), stood in ({("pgd", 0.0): clean, ("weak", 0.0): clean} | cells).items():
                rows.append(("atmc", "toy", model, attack, eps, seed, "robust_accuracy", stood.mean()))
    columns = ["phase", "dataset", "model", "shift", "severity", "seed", "metric", "value"]
    write_artefact(folder / "images", save(tensors), "test")
    return pd.DataFrame(rows, columns=columns), Outcomes({"robust_accuracy": [folder / "images"] if kept else []})


def judged(folder, kept: bool = True, **changes) -> dict:
    ledger = Ledger.model_validate({"paper": "P", "title": "T", "claims": {"X-1": CLAIM | changes}})
    scores, outcomes = attacked(folder, kept)
    return judge([ledger], scores, "smoke", outcomes=outcomes)[0]


SLOPE = {
    "effect": "slope", "along": {"20": 1.0, "other": 2.0, "dense": 4.0}, "baseline": None,
    "arm": {"model": "net/{x}", "shifts": ["weak"], "severities": [0.2]},
}  # fmt: skip
GROWS = {
    "effect": "slope", "along": {"a": 0.0, "b": 0.1, "c": 0.2}, "by": "severity",
    "arm": {"model": "net/dense", "shifts": ["pgd"]}, "baseline": {"model": "net/20", "shifts": ["pgd"]},
}  # fmt: skip


@pytest.mark.parametrize("changes", [{}, SLOPE, GROWS, {"effect": "value", "baseline": None}])
def test_the_effect_of_each_image_is_in_the_mean_that_of_the_records(tmp_path, changes):
    found = judged(tmp_path, **changes)
    assert found["images"] == 40 and found["n"] == 3
    low, high = found["hierarchical"]
    assert (low + high) / 2 == pytest.approx(found["effect"]) and found["interval"] != found["hierarchical"]


@pytest.mark.parametrize(
    "changes",
    [
        {"metric": "accuracy"},
        {"arm": {"model": "net/20", "shifts": ["pgd"], "over": "max"}},
        {"effect": "ratio", "below": 1.0},
    ],
)
def test_where_there_is_no_mean_over_images_there_is_no_such_interval(tmp_path, changes):
    found = judged(tmp_path, **changes)
    assert found["hierarchical"] is None and found["images"] is None


def test_a_claim_may_ask_to_be_decided_over_images_too(tmp_path):
    alone, both = judged(tmp_path), judged(tmp_path, interval="hierarchical")
    assert both["interval"] == both["hierarchical"] == alone["hierarchical"] and "test images" in both["test"]
    assert both["p"] != alone["p"] and both["mde"] > both["mde_with_two_more"] > 0
    assert (both["p"] <= LEVEL) == (both["interval"][1] <= 0) and both["verdict"] in ("SUPPORTED", "INCONCLUSIVE")
    withheld = judged(tmp_path, kept=False, interval="hierarchical")
    assert withheld["verdict"] == "NOT RUN" and "image by image" in withheld["reason"]


def test_a_ratio_cannot_be_decided_over_images():
    with pytest.raises(ValueError, match="difference, value or slope"):
        Ledger.model_validate(
            {
                "paper": "P",
                "title": "T",
                "claims": {"X-1": CLAIM | {"effect": "ratio", "below": 1, "interval": "hierarchical"}},
            }
        )
