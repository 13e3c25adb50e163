"""A verdict follows from the records, paired by seed, and is withheld when there are too few."""

import copy

import pandas as pd
import pytest

from shiftpress.claims.model import Ledger, read_ledgers
from shiftpress.claims.verdict import judge
from shiftpress.core.problems import InputError

CLAIM = {
    "statement": "Pruned is no worse than dense.",
    "place": "table 1",
    "phase": "cards",
    "metric": "accuracy",
    "effect": "difference",
    "unit": "points",
    "scale": 100,
    "arm": {"model": "*/lrr/*", "shifts": ["noise"]},
    "baseline": {"model": "{1}/dense", "shifts": ["noise"]},
    "above": -0.5,
    "min_seeds": 3,
    "reported": {"text": "better", "known": "data"},
}


def ledger(**changes) -> Ledger:
    claim = copy.deepcopy(CLAIM) | changes
    return Ledger.model_validate({"paper": "P", "title": "T", "claims": {"X-1": claim}})


def table(*rows) -> pd.DataFrame:
    columns = ["phase", "dataset", "model", "shift", "severity", "seed", "metric", "value"]
    return pd.DataFrame([("cards", "d", *row[:4], "accuracy", row[4]) for row in rows], columns=columns)


def cards(differences: list[float], level: str = "50") -> list[tuple]:
    found = []
    for seed, difference in enumerate(differences):
        base = 0.5 + 0.1 * seed  # seeds differ much more than the arms: pairing must remove it
        found += [("c/dense", "noise", 0.1, seed, base), (f"c/lrr/{level}", "noise", 0.1, seed, base + difference)]
    return found


def verdict(frame, **changes) -> dict:
    return judge([ledger(**changes)], frame, "smoke")[0]


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ([0.010, 0.011, 0.012], "SUPPORTED"),
        ([-0.020, -0.021, -0.022], "REFUTED"),
        ([0.05, -0.05, 0.01], "INCONCLUSIVE"),
        ([0.010, 0.011], "NOT RUN"),
    ],
)
def test_the_whole_interval_decides(differences, expected):
    found = verdict(table(*cards(differences)))
    assert found["verdict"] == expected and found["n"] == len(differences)
    assert found["effect"] == pytest.approx(100 * sum(differences) / len(differences))
    assert (found["interval"] is None) == (expected == "NOT RUN")


def test_every_level_must_hold_and_the_weakest_is_shown():
    rows = cards([0.010, 0.011, 0.012]) + cards([-0.02, -0.021, -0.022], "90")[1::2]
    found = verdict(table(*rows))
    assert found["verdict"] == "REFUTED" and found["effect"] == pytest.approx(-2.1)
    assert [part["verdict"] for part in found["parts"]] == ["SUPPORTED", "REFUTED"]


def test_severity_zero_is_no_shift_unless_asked_for():
    rows = cards([0.010, 0.011, 0.012]) + [("c/dense", "noise", 0.0, s, 0.0) for s in range(3)]
    assert verdict(table(*rows))["verdict"] == "SUPPORTED"
    arm = {"model": "c/dense", "shifts": ["noise"], "severities": [0]}
    assert verdict(table(*rows), arm=arm)["effect"] < -50


def test_a_ratio_is_a_geometric_mean():
    rows = [("c/dense", "noise", 1.0, s, 2.0) for s in range(3)]
    rows += [("c/lrr/50", "noise", 1.0, s, value) for s, value in enumerate((2.0, 4.0, 8.0))]
    assert verdict(table(*rows), effect="ratio", scale=1.0, above=1.0)["effect"] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [([2.0, 2.0, 2.0], [0.0, 1.0, 1.0]), ([0.0, 2.0, 2.0], [1.0, 1.0, 1.0]), ([0.0, 2.0, 2.0], [0.0, 1.0, 1.0])],
)
def test_of_zeros_there_is_no_ratio_and_their_seeds_are_not_left_out(ours, theirs):
    values = {("a/robust", "ball", 12.0): ours, ("a/erm", "ball", 12.0): theirs}
    found = judged(values)
    assert found["verdict"] == "NOT RUN" and found["effect"] is None
    assert found["reason"].startswith("no records of distortion_se above zero in every seed, for a ratio of a/robust")


@pytest.mark.parametrize("place", ["n4", "n5", "n6"])
def test_of_zeros_there_is_no_trend(place):
    values = {(f"n{d}/erm", "clean", 0.0): [1.0, 2.0, 0.0 if place == f"n{d}" else 3.0] for d in (4, 5, 6)}
    arm = {"model": "{x}/erm", "shifts": ["clean"], "severities": [0]}
    found = judged(values, effect="trend", arm=arm, along={"n4": 4, "n5": 5, "n6": 6}, baseline=None)
    assert found["verdict"] == "NOT RUN" and "above zero in every seed" in found["reason"]


def test_no_records_give_a_reason_and_no_number():
    found = verdict(table(*cards([0.1, 0.1, 0.1])), arm={"model": "*/biprop/*", "shifts": ["noise"]})
    assert found["verdict"] == "NOT RUN" and found["effect"] is None and "*/biprop/*" in found["reason"]


def test_mistakes_in_claim_files_are_named_with_their_lines(tmp_path):
    file = tmp_path / "claims.yaml"
    file.write_text("paper: P\ntitle: T\nclaims:\n  X-1:\n    statment: typo\n    min_seeds: 2\n")
    with pytest.raises(InputError) as caught:
        read_ledgers([file])
    said = str(caught.value)
    assert "claims.yaml:5: claims.X-1.statment: unknown key" in said and "claims.yaml:6: " in said


CODEC = {
    "statement": "Robust is better.",
    "place": "figure 3",
    "phase": "codecs",
    "metric": "distortion_se",
    "effect": "ratio",
    "unit": "times",
    "arm": {"model": "a/robust", "shifts": ["ball"], "severities": [12]},
    "baseline": {"model": "a/erm", "shifts": ["ball"], "severities": [12]},
    "below": 1.0,
    "reported": {"text": "less", "known": "digitised"},
}


def codecs(values: dict[tuple[str, str, float], list[float]], dataset: str = "d") -> pd.DataFrame:
    """(model, shift, severity) -> values of seeds 0, 1, ..."""
    rows = [
        ("codecs", dataset, *cell, seed, "distortion_se", value)
        for cell, found in values.items()
        for seed, value in enumerate(found)
    ]
    return pd.DataFrame(rows, columns=list(table().columns))


def judged(values, claims: dict | None = None, tier: str = "laptop", **changes) -> dict:
    named = {name: CODEC | change for name, change in (claims or {"X-1": changes}).items()}
    made = Ledger.model_validate({"paper": "P", "title": "T", "claims": named})
    rows = judge([made], codecs(values), tier)
    return rows[0] if len(rows) == 1 else {row["id"]: row for row in rows}


def pair(ratio: float, severity: float = 12.0, spread: float = 0.01, n: int = 3, shift: str = "ball") -> dict:
    steps = [1 + spread * (k - (n - 1) / 2) for k in range(n)]
    base = [40.0 + 5 * k for k in range(n)]
    return {
        ("a/erm", shift, severity): base,
        ("a/robust", shift, severity): [b * ratio * s for b, s in zip(base, steps, strict=True)],
    }


@pytest.mark.parametrize(
    ("bounds", "ratio", "expected"),
    [
        ({"below": 1.0}, 0.8, "SUPPORTED"),
        ({"below": 1.0}, 1.2, "REFUTED"),
        ({"below": 1.0}, 1.001, "INCONCLUSIVE"),
        ({"below": None, "within": [0.9, 1.1]}, 1.0, "SUPPORTED"),
        ({"below": None, "within": [0.9, 1.1]}, 1.3, "REFUTED"),
        ({"below": None, "within": [0.99, 1.01]}, 1.0, "INCONCLUSIVE"),
    ],
)
def test_a_threshold_is_a_side_or_a_pair_of_margins(bounds, ratio, expected):
    found = judged(pair(ratio), **bounds)
    assert found["verdict"] == expected and found["effect"] == pytest.approx(ratio, rel=1e-3)
    inside = bounds.get("within", [float("-inf"), 1.0])
    wholly = inside[0] < found["interval"][0] and found["interval"][1] < inside[1]
    assert wholly == (expected == "SUPPORTED")


def test_the_sign_is_open_in_a_two_sided_test():
    one, two = judged(pair(0.97)), judged(pair(0.97), sides=2)
    assert two["p"] == pytest.approx(2 * one["p"]) and two["verdict"] == one["verdict"]
    other = judged(pair(1.2), sides=2)
    assert other["verdict"] == "REFUTED" and other["p"] < 0.05 and "other side" in other["reason"]


def test_every_condition_must_hold_and_the_largest_p_counts():
    values = pair(0.8) | pair(0.97, 20.0) | pair(1.3, 24.0)
    held = judged(values, also={"radius 20": {"severities": [20]}})
    assert held["verdict"] == "SUPPORTED" and held["effect"] == pytest.approx(0.97, rel=1e-3)
    assert held["p"] == max(part["p"] for part in held["parts"])
    failed = judged(values, also={"radius 20": {"severities": [20]}, "radius 24": {"severities": [24]}})
    assert failed["verdict"] == "REFUTED" and [part["name"] for part in failed["parts"]] == [
        "",
        "radius 20",
        "radius 24",
    ]


def test_a_note_is_shown_and_decides_nothing():
    values = pair(0.8) | pair(1.3, shift="strong")
    found = judged(
        values, also={"stronger": {"shifts": ["strong"], "note": True}, "gone": {"shifts": ["x"], "note": True}}
    )
    assert found["verdict"] == "SUPPORTED" and found["effect"] == pytest.approx(0.8, rel=1e-3)
    stronger, gone = found["parts"][1:]
    assert stronger["verdict"] == "REFUTED" and stronger["note"]
    assert gone["verdict"] == "NOT RUN" and gone["missing"] == ["a/robust under x", "a/erm under x"]


@pytest.mark.parametrize(
    ("arm", "missing"),
    [
        ({"model": "a/robust50", "shifts": ["ball"], "severities": [12]}, "a/robust50"),
        ({"model": "a/robust", "shifts": ["spin"], "severities": [12]}, "a/robust under spin"),
        ({"model": "a/robust", "shifts": ["ball"], "severities": [12, 50]}, "a/robust under ball at 50"),
    ],
)
def test_what_is_missing_is_named_with_the_tier_that_makes_it(arm, missing):
    found = judged(pair(0.8), tier="smoke", arm=arm)
    assert found["verdict"] == "NOT RUN" and found["effect"] is None
    assert found["reason"] == f"no records of {missing}; the laptop tier runs it"
    own = judged(pair(0.8), arm=arm)
    assert own["reason"] == f"no records of {missing}; left out of this study, or never reached"
    assert own["p"] is None and own["p_holm"] is None


def test_a_seed_without_all_severities_is_left_out():
    values = pair(0.8, 12.0, n=4) | pair(0.8, 20.0, n=3)
    arm, baseline = ({"model": m, "shifts": ["ball"], "severities": [12, 20]} for m in ("a/robust", "a/erm"))
    assert judged(values, arm=arm, baseline=baseline)["n"] == 3


@pytest.mark.parametrize(("over", "expected"), [("mean", 2.0), ("max", 3.0), ("sd", 1.0), ("p99", 2.98)])
def test_severities_become_one_number_per_seed(over, expected):
    values = {("a/robust", "ball", float(s)): [float(s)] * 3 for s in (1, 2, 3)}
    values |= {("a/erm", "ball", float(s)): [0.0] * 3 for s in (1, 2, 3)}
    arm, baseline = ({"model": m, "shifts": ["ball"], "over": over} for m in ("a/robust", "a/erm"))
    found = judged(values, arm=arm, baseline=baseline | {"over": "mean"}, effect="difference", below=9.0)
    assert found["effect"] == pytest.approx(expected)


def test_a_trend_is_the_factor_per_step_along_models():
    values = {(f"n{d}/erm", "clean", 0.0): [10.0 * 0.9**d * f for f in (1.0, 1.02, 0.97)] for d in (4, 5, 6)}
    values |= {(f"m{d}/erm", "clean", 0.0): [10.0, 10.2, 9.7] for d in (4, 5, 6)}
    arm = {"model": "{x}/erm", "shifts": ["clean"], "severities": [0]}
    along = {"n4": 4, "n5": 5, "n6": 6}
    trend = {"effect": "trend", "arm": arm, "along": along, "baseline": None}
    assert judged(values, **trend)["effect"] == pytest.approx(0.9)
    over = trend | {"baseline": arm | {"model": "m{at}/erm"}}
    found = judged(values, **over)
    assert found["effect"] == pytest.approx(0.9) and found["verdict"] == "SUPPORTED" and found["n"] == 3
    short = {key: value for key, value in values.items() if key[0] != "n5/erm"}
    assert judged(short, **trend)["reason"].startswith("no records of n5/erm; ")


def test_a_slope_can_go_along_the_severities_of_one_pair():
    rows = []
    for seed in range(3):
        for severity in (1.0, 3.0, 5.0):
            base = 0.9 - 0.1 * severity + 0.05 * seed
            gain = 0.004 * severity + 0.001 * seed * severity
            rows += [("c/dense", "noise", severity, seed, base), ("c/lrr/50", "noise", severity, seed, base + gain)]
    arm, baseline = {"model": "c/lrr/50", "shifts": ["noise"]}, {"model": "c/dense", "shifts": ["noise"]}
    change = {"effect": "slope", "by": "severity", "along": {"1": 1, "3": 3, "5": 5}, "above": 0}
    found = verdict(table(*rows), arm=arm, baseline=baseline, **change)
    assert found["verdict"] == "SUPPORTED" and found["effect"] == pytest.approx(0.5)
    lost = verdict(table(*rows), arm=arm, baseline=baseline, **change | {"along": {"1": 1, "2": 2, "5": 5}})
    assert lost["verdict"] == "NOT RUN" and "at 2" in lost["reason"]
    with pytest.raises(ValueError, match="leave by out"):
        ledger(by="severity")


def test_a_slope_is_the_amount_per_step_along_models():
    values = {(f"n{d}/x", "clean", 0.0): [0.5 * d + f for f in (1.0, 2.0, 0.5)] for d in (4, 5, 7)}
    values |= {(f"n{d}/y", "clean", 0.0): [0.2 * d + f for f in (7.0, 9.0, 2.0)] for d in (4, 5, 7)}
    arm = {"model": "{x}/x", "shifts": ["clean"], "severities": [0]}
    change = {"effect": "slope", "arm": arm, "along": {"n4": 4, "n5": 5, "n7": 7}, "baseline": None, "scale": 10}
    assert judged(values, **change, below=9.0)["effect"] == pytest.approx(5.0)
    found = judged(values, **(change | {"baseline": arm | {"model": "{x}/y"}, "below": 9.0}))
    assert found["effect"] == pytest.approx(3.0) and found["verdict"] == "SUPPORTED"
    assert "slope" in found["test"] and found["kind"] == "slope"


def test_a_value_needs_no_other_arm():
    values = {("a/robust", "clean", 0.0): [0.18, 0.2, 0.22]}
    arm = {"model": "a/*", "shifts": ["clean"], "severities": [0]}
    found = judged(values, effect="value", arm=arm, baseline=None, below=1.0)
    assert found["effect"] == pytest.approx(0.2) and found["verdict"] == "SUPPORTED"
    beside = {"below zero": {"effect": "value", "arm": arm | {"model": "a/robust"}, "below": 0.0}}
    both = judged(values | pair(0.8), also=beside)
    assert both["verdict"] == "REFUTED" and both["condition"] == "below zero"


def test_models_are_pooled_and_taken_off_seed_by_seed():
    of = {"a/x": [3.0, 5.0, 4.0], "a/y": [1.0, 1.0, 2.0], "a/z": [0.5, 0.25, 1.0], "a/w": [1.0, 1.0, 1.0]}
    values = {(model, "clean", 0.0): numbers for model, numbers in of.items()}
    arm = {"model": "*/x", "pooled": ["{1}/y"], "less": "{1}/z", "shifts": ["clean"], "severities": [0]}
    baseline = {"model": "{1}/w", "shifts": ["clean"], "severities": [0]}
    found = judged(values, effect="difference", arm=arm, baseline=baseline, below=5.0)
    # (3+1)/2 - 0.5 - 1, (5+1)/2 - 0.25 - 1, (4+2)/2 - 1 - 1
    assert found["effect"] == pytest.approx((0.5 + 1.75 + 1.0) / 3) and found["n"] == 3
    for gone in ("a/y", "a/z"):
        short = {key: numbers for key, numbers in values.items() if key[0] != gone}
        missing = judged(short, effect="difference", arm=arm, baseline=baseline, below=5.0)
        assert missing["verdict"] == "NOT RUN" and gone in missing["reason"]


def test_a_group_stands_for_its_shifts_wherever_shifts_are_listed():
    also = {"more": {"shifts": ["clean", "both"]}}
    claim = CODEC | {"arm": CODEC["arm"] | {"shifts": ["both"]}, "also": also}
    made = Ledger.model_validate({"paper": "P", "title": "T", "groups": {"both": ["u", "v"]}, "claims": {"X-1": claim}})
    found = made.claims["X-1"]
    assert found.arm.shifts == ["u", "v"] and found.baseline.shifts == ["ball"]
    assert found.comparison("more").arm.shifts == ["clean", "u", "v"]


def test_a_crossing_is_interpolated_per_seed():
    values = {("a/robust", "clean", 0.0): [4.0] * 3, ("a/erm", "clean", 0.0): [2.0] * 3}
    values |= {("a/robust", "ball", 4.0): [4.0] * 3, ("a/erm", "ball", 4.0): [8.0] * 3}
    arm, baseline = ({"model": m, "shifts": ["clean", "ball"], "severities": "all"} for m in ("a/robust", "a/erm"))
    found = judged(values, arm=arm, baseline=baseline, effect="crossing", below=2.0)
    assert found["effect"] == pytest.approx(1.0), "half way in the root of the severity"
    assert judged(values, arm=baseline, baseline=arm, effect="crossing", below=2.0)["n"] == 0


def test_a_family_shares_its_chance_of_a_false_verdict():
    values = pair(0.95, spread=0.018)
    alone = judged(values)
    assert alone["verdict"] == "SUPPORTED" and alone["p_holm"] == alone["p"]
    claims = {f"X-{k}": {"family": "f"} for k in range(3)} | {"Y-1": {"family": "g"}}
    found = judged(values, claims)
    assert found["X-0"]["p_holm"] == pytest.approx(3 * alone["p"]) and found["Y-1"]["p_holm"] == alone["p"]
    assert found["X-0"]["verdict"] == "INCONCLUSIVE" and "family 'f'" in found["X-0"]["reason"]


def test_claims_that_cannot_be_tested_cost_the_family_nothing():
    gone = {"family": "f", "arm": CODEC["arm"] | {"model": "a/none"}}
    found = judged(pair(0.95, spread=0.018), {"X-1": {"family": "f"}, "X-2": gone})
    assert found["X-1"]["verdict"] == "SUPPORTED" and found["X-2"]["verdict"] == "NOT RUN"


def test_an_inconclusive_claim_says_what_it_could_have_seen():
    found = judged(pair(1.001, spread=0.02))
    assert found["mde"] > 1.05 and f"less than {100 * (found['mde'] - 1):.3g} % from it" in found["reason"]


def test_the_exact_test_needs_more_seeds():
    assert judged(pair(0.8, n=5), test="sign-flip")["verdict"] == "INCONCLUSIVE"
    found = judged(pair(0.8, n=6), test="sign-flip")
    assert found["verdict"] == "SUPPORTED" and found["p"] == found["p_exact"] == pytest.approx(1 / 64)


def test_claims_that_do_not_hold_are_rarely_supported_and_rarely_refuted():
    """On the edge, over three conditions at once, at three seeds."""
    import numpy as np

    from shiftpress.claims.model import Claim
    from shiftpress.claims.verdict import judge as decide

    conditions = {f"at {s}": {"severities": [s]} for s in (20, 24)}
    made = Ledger(paper="P", title="T", claims={"X-1": Claim.model_validate(CODEC | {"also": conditions})})
    rng, verdicts = np.random.default_rng(0), []
    for _ in range(300):
        values = {
            (m, "ball", s): rng.lognormal(0, 0.1, 3).tolist() for m in ("a/erm", "a/robust") for s in (12.0, 20.0, 24.0)
        }
        verdicts.append(decide([made], codecs(values), "laptop")[0]["verdict"])
    limit = 300 * 0.025 + 4 * (300 * 0.025 * 0.975) ** 0.5
    assert verdicts.count("SUPPORTED") <= limit and verdicts.count("REFUTED") <= limit


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "effect: ratoi",
            "claims.X-1.effect: must be 'difference', 'ratio', 'trend', 'slope', 'crossing' or 'value', not 'ratoi'",
        ),
        ("above: 2.0", "claims.X-1: needs exactly one of above, below and within"),
        ("arm: {modle: a}", "Did you mean 'model'?"),
        ("baseline: {modle: a, model: b, shifts: [c]}", "Did you mean 'model'?"),
        ("also: {more: {severites: [1]}}", "claims.X-1.also.more.severites: unknown key. Did you mean 'severities'?"),
        (
            "also: {more: {effect: trend, below: 1.0}}",
            "also 'more': a trend or slope, and nothing else, goes along three models",
        ),
        ("effect: value", "claims.X-1: a value stands alone: no baseline"),
        ("sides: 3", "claims.X-1.sides: must be 1 or 2, not 3"),
        ("tset: t", "Did you mean 'test'?"),
    ],
)
def test_a_mistake_in_a_claim_is_said_once_and_plainly(tmp_path, text, said):
    import yaml

    extra = yaml.safe_load(text)
    file = tmp_path / "claims.yaml"
    file.write_text(yaml.safe_dump({"paper": "P", "title": "T", "claims": {"X-1": CODEC | extra}}))
    with pytest.raises(InputError) as caught:
        read_ledgers([file])
    assert said in str(caught.value), caught.value


def lost(model: str, *seeds: int, phase: str = "cards", dataset: str = "d") -> pd.DataFrame:
    rows = [(phase, dataset, model, "training", 0.0, seed, "diverged", 7.0) for seed in seeds]
    return pd.DataFrame(rows, columns=list(table().columns))


@pytest.mark.parametrize("seeds", [(0, 1, 2), (1,)])
def test_a_network_whose_training_diverged_is_not_left_out_of_what_is_claimed_of_all(seeds):
    found = verdict(pd.concat([table(*cards([0.010, 0.011, 0.012])), lost("c/lrr/95", *seeds)]))
    assert found["verdict"] == "NOT RUN"
    names = ", ".join(map(str, seeds))
    assert found["reason"] == f"no records of c/lrr/95 of seed {names}, whose training diverged"


def test_a_seed_that_diverged_is_not_left_out_of_a_mean():
    """The seeds that are left would be the better part of what the method makes."""
    rows = [row for row in cards([0.010, 0.011, 0.012, 0.013]) if row[:1] != ("c/lrr/50",) or row[3] != 3]
    assert verdict(table(*rows))["verdict"] == "SUPPORTED", "without a record of why a seed is not there"
    found = verdict(pd.concat([table(*rows), lost("c/lrr/50", 3)]))
    assert found["verdict"] == "NOT RUN" and "c/lrr/50 of seed 3, whose training diverged" in found["reason"]
    other = verdict(pd.concat([table(*rows), lost("c/lrr/50", 3, phase="edge")]))
    assert other["verdict"] == "SUPPORTED", "of another phase"


def test_a_dataset_on_which_all_diverged_is_not_left_out():
    diverged = pd.concat([lost("c/lrr/50", 0, dataset="e"), lost("c/dense", 0, dataset="e")])
    found = verdict(pd.concat([table(*cards([0.010, 0.011, 0.012])), diverged]))
    assert found["verdict"] == "NOT RUN"
    assert found["reason"].startswith("no records of c/lrr/50 of seed 0, whose training diverged, c/dense of seed 0")


def test_arms_that_are_one_network_twice_are_said_to_be():
    found = verdict(table(*cards([0.0] * 5)), above=-1.0)
    assert found["verdict"] == "SUPPORTED"
    assert found["reason"].endswith("; both arms gave the same numbers in every seed")
    rows = cards([0.0] * 5) + cards([0.02, 0.021, 0.022, 0.023, 0.024], "90")[1::2]
    assert verdict(table(*rows), above=-1.0)["reason"].endswith("in every seed, in 1 of 2 conditions")
    assert "both arms" not in verdict(table(*cards([0.01, 0.011, 0.012])))["reason"]


def test_a_condition_that_fails_alone_and_not_among_its_fellows_is_not_called_undecided():
    rows = cards([0.010, 0.011, 0.012]) + cards([-0.02, -0.03, -0.033], "90")[1::2]
    found = verdict(table(*rows))
    assert found["verdict"] == "INCONCLUSIVE" and [part["verdict"] for part in found["parts"]] == [
        "SUPPORTED",
        "REFUTED",
    ]
    assert "on the other side of its threshold (p = 0.0" in found["reason"] and "correction for 2" in found["reason"]


def test_of_two_sided_conditions_the_one_that_leans_against_is_shown():
    rows = cards([0.02, -0.03, 0.015, -0.0125]) + cards([-0.02, -0.03, -0.01, 0.003], "90")[1::2]
    found = verdict(table(*rows), sides=2)
    assert [part["verdict"] for part in found["parts"]] == ["INCONCLUSIVE"] * 2
    assert found["parts"][0]["p"] > found["parts"][1]["p"] and found["effect"] == found["parts"][1]["effect"] < 0
