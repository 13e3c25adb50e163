"""Every claim about networks for the edge gets its verdict from records that hold it, or a reason that says why not."""

from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from shiftpress.assembly import attacks_on, build
from shiftpress.claims.comparison import Note
from shiftpress.claims.model import read_ledgers
from shiftpress.claims.verdict import judge
from shiftpress.core.records import Record
from shiftpress.edge_entries import methods, trained
from shiftpress.evaluation.resilience import Resilience
from shiftpress.loading import load_study

ROOT = Path(__file__).parents[2]
(LEDGER,) = read_ledgers([ROOT / "claims/edge2024.yaml"])
SIZES = {"edge_s": 0, "edge_m": 1, "edge_l": 2}
RATIOS = {"75": 0.415, "50": 1, "25": 2, "12.5": 3}
DOMAINS = {"to_uci": [1.0], "negative": [0.25, 1.0], "patterned": [0.25, 0.5, 1.0]}
CORRUPTIONS = {name: [1.0, 3.0] for name in ("gaussian_noise", "defocus_blur", "fog", "contrast", "pixelate")}
RADII = [0.02, 0.05, 0.1]
AT_LAPTOP = {"E1a", "E1b", "E1c", "E2", "E3", "E4", "E5", "E8", "E9"}


def truth(size, method, half):
    """Shares on clean images, in other domains and under attack; larger networks lose more by being made small."""
    dense = np.array([97, 60, 50]) + size
    lost = {
        "dense": (0, 0, 0),
        "tuned": (0, 0, 0),
        "w8a8": (0.02, 0.3, 0.5),
        "w6a6": (0.5, 1, 1),
        "w4a4": (2, 4, 5),
        "kd": (0.3 + 0.1 * half, 2 + 2 * size + 0.1 * half, 1 + size + 0.1 * half),
        "no_kd": (1 + 0.1 * half, 4 + 2 * size + 0.2 * half, 8 + size + 0.2 * half),
        "prune": (0.8 + 0.6 * half, 4 + 2 * size + 2 * half, 4 + size + 3 * half),
        "prune+kd": (0.6 + 0.3 * half, 4 + 2 * size + half, 4 + size + half),
    }
    return (dense - lost[method]) / 100


def models(ratios):
    yield from (("dense", "100", 0), ("tuned", "100", 0), ("w8a8", "25", 0), ("w6a6", "18.75", 0), ("w4a4", "12.5", 0))
    yield from ((method, ratio, RATIOS[ratio]) for method in ("kd", "no_kd", "prune", "prune+kd") for ratio in ratios)


def record(model, shift, severity, seed, metric, value):
    place = {"shift": shift, "severity": severity, "source": "regenerated", "seed": seed, "n": 1000}
    return Record(phase="edge", dataset="mnist", model=model, metric=metric, value=value, fingerprint="f", **place)


def places(clean, domain, robust, hidden):
    """Shift, severity, metric and value of a model whose truth is known."""
    yield "clean", 0.0, "accuracy", clean
    for shift, severities in (DOMAINS | CORRUPTIONS).items():
        yield from ((shift, severity, "accuracy", domain - 0.01 * severity) for severity in severities)
    for shift, more in (("worst_linf", 0.0), ("near_own", hidden)):
        if shift != "worst_linf":  # sieges say it of attacks alone
            yield shift, 0.0, "robust_accuracy", clean
        yield from ((shift, radius, "robust_accuracy", robust + more - radius) for radius in RADII)


def records(seeds=3, ratios=tuple(RATIOS), change=None):
    """Seeds move all networks of a seed alike, and each by a little more; ``change`` moves some models' numbers."""
    found = []
    for seed in range(seeds):
        common = np.random.default_rng(seed).normal(0, 0.01)
        for (size, doublings), (method, ratio, half) in product(SIZES.items(), models(ratios)):
            model = f"{size}/{method}/{ratio}"
            rng, own = np.random.default_rng([seed, *model.encode()]), change(model) if change else 0.0
            values = truth(doublings, method, half)
            for shift, severity, metric, value in places(*values, 0.05 * method.startswith("w")):
                moved = (common + own) * (severity != 0) + rng.normal(0, 2e-4)
                found.append(record(model, shift, severity, seed, metric, value + moved))
    return [*found, *Resilience(found).records()]


def verdicts(found, tier="standard"):
    return {row["id"]: row for row in judge([LEDGER], pd.DataFrame([r.model_dump() for r in found]), tier)}


@cache
def usual():
    """The records that hold what was found."""
    return records()


@pytest.fixture(scope="module")
def standard():
    return verdicts(usual())


@pytest.fixture(scope="module")
def unattacked():
    return verdicts([r for r in usual() if r.shift not in ("worst_linf", "near_own")])


def test_all_are_there_and_no_number_of_the_paper_is_claimed_to_be_known():
    assert list(LEDGER.claims) == ["E1a", "E1b", "E1c", *(f"E{k}" for k in range(2, 10))]
    for claim in LEDGER.claims.values():
        assert claim.reported.value is None and claim.reported.known in ("read", "second-hand", "reconstruction")


@pytest.mark.parametrize("name", LEDGER.claims)
def test_records_that_hold_what_was_found_support_it(name, standard):
    assert standard[name]["verdict"] == "SUPPORTED", (standard[name]["condition"], standard[name]["reason"])


def test_the_laptop_runs_all_but_those_that_go_along_ratios():
    found = verdicts(records(ratios=("25",)), "laptop")
    run = {name for name, row in found.items() if row["verdict"] != "NOT RUN"}
    assert run == AT_LAPTOP == {name for name, claim in LEDGER.claims.items() if claim.tier == "laptop"}
    for name in LEDGER.claims.keys() - run:
        assert "the standard tier runs it" in found[name]["reason"]


@pytest.mark.parametrize("name", LEDGER.claims)
def test_without_attacks_only_claims_about_attacks_are_not_run(name, unattacked):
    assert (unattacked[name]["verdict"] == "NOT RUN") == (name in {"E1c", "E3", "E4", "E6", "E7", "E8", "E9"})


@pytest.mark.parametrize(
    ("name", "word", "change"),
    [
        ("E1a", "/prune/", 0.25),
        ("E1b", "/kd/", 0.12),
        ("E1c", "/w8a8/", 0.02),
        ("E3", "/prune/", 0.2),
        ("E4", "/w8a8/", -0.12),
        ("E5", "/w8a8/", -0.02),
        ("E2", "edge_s/prune/", -0.2),
        ("E6", "edge_l/kd/12.5", -0.2),
        ("E7", "edge_l/prune/12.5", 0.3),
    ],
)
def test_records_that_say_otherwise_refute_it(name, word, change):
    found = verdicts(records(change=lambda model: change * (word in f"{model}/" or word in model)))
    assert found[name]["verdict"] == "REFUTED", found[name]["reason"]


def test_hidden_gradients_and_order_are_refuted_by_what_shows_them():
    found = [r.model_copy(update={"value": -r.value}) if r.metric == "kendall_tau" else r for r in usual()]
    assert verdicts(found)["E9"]["verdict"] == "REFUTED"
    found = [
        r.model_copy(update={"value": r.value - 0.1}) if r.shift == "near_own" and r.severity else r for r in found
    ]
    assert verdicts(found)["E8"]["verdict"] == "REFUTED"


def mixed_model(differences):
    """Mean over cells and its error in y = cell + seed + rest, seeds at random, (seeds, cells): REML by search."""
    seeds, cells = differences.shape
    fixed, one = np.tile(np.eye(cells), (seeds, 1)), np.full(cells, 1 / cells)

    def fitted(ratio):
        inverse = np.linalg.inv(np.eye(cells) + ratio)
        whole = np.kron(np.eye(seeds), inverse)
        among = fixed.T @ whole @ fixed
        means = np.linalg.solve(among, fixed.T @ whole @ differences.ravel())
        rest = differences.ravel() - fixed @ means
        variance = rest @ whole @ rest / (len(rest) - cells)
        logs = (
            (len(rest) - cells) * np.log(variance) - seeds * np.linalg.slogdet(inverse)[1] + np.linalg.slogdet(among)[1]
        )
        return logs, one @ means, np.sqrt(variance * one @ np.linalg.solve(among, one))

    best = optimize.minimize_scalar(lambda log: fitted(np.exp(log))[0], bounds=(-12, 12), options={"xatol": 1e-9})
    return fitted(np.exp(best.x))[1:]


def test_the_test_over_seeds_is_that_of_a_mixed_model_in_which_seeds_are_random():
    """Every seed has all cells, and then the means of seeds hold all that the model uses (t with n - 1 degrees)."""
    shift = dict(enumerate(np.random.default_rng(1).normal(0, 0.01, 5)))
    found = [
        r.model_copy(update={"value": r.value + shift[r.seed]}) if "/prune/" in r.model and r.severity else r
        for r in records(seeds=5)
        if r.metric == "accuracy" and r.shift in DOMAINS
    ]
    by_cell = {(r.seed, r.model, r.shift, r.severity): r.value for r in found}
    cells = [(size, name, severity) for size in SIZES for name, own in DOMAINS.items() for severity in own]
    differences = [
        [
            by_cell[seed, f"{size}/prune/25", *where] - by_cell[seed, f"{size}/dense/100", *where]
            for size, *where in cells
        ]
        for seed in range(5)
    ]
    mean, error = mixed_model(100 * np.array(differences))
    part = verdicts(found)["E1a"]["parts"][0]
    half = stats.t.ppf(0.975, 4) * error
    assert (part["effect"], *part["interval"]) == pytest.approx((mean, mean - half, mean + half), rel=1e-5)
    assert part["p"] == pytest.approx(2 * stats.t.sf(abs(mean) / error, 4), rel=1e-4)


@pytest.mark.parametrize(("seeds", "least"), [(3, 2**-3), (10, 2**-10)])
def test_the_sign_flip_permutation_stands_beside_it_and_cannot_decide_with_three_seeds(seeds, least):
    part = verdicts(records(seeds=seeds, ratios=("25",)))["E1c"]["parts"][0]
    assert part["p_exact"] == pytest.approx(least) and part["p"] < 0.01


@pytest.mark.parametrize("tier", [None, "standard", "paper"])
def test_the_tier_makes_every_network_that_conditions_name(tier):
    study = load_study([str(ROOT / "params.yaml"), *([str(ROOT / f"tiers/{tier}.yaml")] if tier else [])])
    (digits,) = [name for name in study.datasets_of("edge") if name.startswith("mnist")]
    attacks = {name for name in study.chosen("attacks") if digits in study.attacks[name].fields.get("only", [digits])}
    shares = {method.name: ratios for method, ratios in trained(study)}
    made = {f"{name}/{100 * ratio:.6g}" for name, ratios in shares.items() for ratio in ratios}
    for method in (m for m in methods(study) if m.quantizer):
        bits = build("quantizers", study.quantizers[method.quantizer]).weight_bits
        made |= {f"{method.name}/{100 * ratio * bits / 32:.6g}" for ratio in shares[method.unrounded.name]}
    for claim in LEDGER.claims.values():
        for comparison in [claim, *(claim.comparison(also) for also in claim.also)]:
            if isinstance(comparison, Note) or (claim.tier, tier) == ("standard", None):
                continue
            for arm in filter(None, (comparison.arm, comparison.baseline)):
                for model in (model for name in [arm.model, *arm.pooled] for model in spelled(name, comparison.along)):
                    size, own = model.split("/", 1)
                    assert size in study.edge.sizes and (own in made or own == "order/all"), model
                assert {shift for shift in arm.shifts if shift in study.attacks} <= attacks, arm.shifts
                wanted = {shift for shift in arm.shifts if shift in study.shifts}
                under = study.study.compressed_under
                assert wanted <= set(study.chosen("shifts") if under == "all" else under)


@pytest.mark.parametrize("tier", [None, "narrowed", "standard", "paper"])
def test_networks_that_are_compared_under_attack_are_attacked_alike_at_the_same_radii(tier):
    study = load_study([str(ROOT / "params.yaml"), *([str(ROOT / f"tiers/{tier}.yaml")] if tier else [])])
    (digits,) = [name for name in study.datasets_of("edge") if name.startswith("mnist")]
    on = {method.name: attacks_on(study, "edge", digits, f"edge_l/{method.name}") for method in methods(study)}
    alike = {tuple(names) for names in on.values() if names}
    assert len(alike) == 1, on
    radii = {name: tuple(build("attacks", study.attacks[name]).eps) for name in alike.pop()}
    assert len(set(radii.values())) == 1, radii


def spelled(model, along):
    return [model.replace("{x}", name) for name in along] if "{x}" in model else [model]
