"""A claim on attacks that failed a sanity gate is called unreliable, whatever its numbers say."""

import pandas as pd
import pytest

from shiftpress.claims.model import Ledger
from shiftpress.claims.verdict import judge

CLAIM = {
    "statement": "ATMC is more robust than one-shot pruning.",
    "place": "figure 1",
    "phase": "cards",
    "metric": "robust_accuracy",
    "effect": "difference",
    "unit": "points",
    "scale": 100,
    "arm": {"model": "net/atmc", "shifts": ["auto"], "severities": [0.1]},
    "baseline": {"model": "net/pruned", "shifts": ["auto"], "severities": [0.1]},
    "above": 0.0,
    "family": "f",
    "reported": {"text": "more", "known": "data"},
}
GAINS = [0.05, 0.051, 0.052, 0.049]


def records(flags: dict[tuple[str, str, int], list[str]] | None = None) -> pd.DataFrame:
    """Robust accuracies under two attacks at two radii; ``flags`` are gates by model, attack and seed."""
    rows = []
    for seed, gain in enumerate(GAINS):
        for shift in ("auto", "paper"):
            for eps in (0.1, 0.2):
                for model, value in (("net/pruned", 0.3), ("net/atmc", 0.3 + gain), ("net/alr", 0.3 + 2 * gain)):
                    where = ("cards", "d", model, shift, eps, seed)
                    gates = (flags or {}).get((model, shift, seed), [])
                    rows.append((*where, "robust_accuracy", value + seed / 100))
                    rows.append((*where, "unreliable", float(bool(gates))))
                    rows += [(*where, f"unreliable/{gate}", 1.0) for gate in gates]
    return pd.DataFrame(rows, columns=["phase", "dataset", "model", "shift", "severity", "seed", "metric", "value"])


def verdicts(frame: pd.DataFrame, also: dict | None = None, **claims: dict) -> dict[str, dict]:
    first = CLAIM | ({"also": also} if also else {})
    whole = {"A-1": first, **{name: CLAIM | changes for name, changes in claims.items()}}
    ledger = Ledger.model_validate(
        {"paper": "P", "title": "T", "claims": {k.replace("_", "-"): v for k, v in whole.items()}}
    )
    return {row["id"]: row for row in judge([ledger], frame, "laptop")}


def test_without_flags_the_numbers_decide():
    assert verdicts(records())["A-1"]["verdict"] == "SUPPORTED"


@pytest.mark.parametrize("model", ["net/atmc", "net/pruned"])
@pytest.mark.parametrize("against", [False, True])
def test_a_flag_in_either_arm_of_one_seed_is_enough_for_and_against(model, against):
    changes = {"below": -20.0, "above": None} if against else {}
    flagged = records({(model, "auto", 2): ["masking", "large"]})
    row = verdicts(flagged, A_2=changes)["A-2"]
    assert row["verdict"] == "UNRELIABLE" and row["p"] is None and row["p_holm"] is None
    assert f"{model} under auto (large, masking)" in row["reason"] and "sanity gate" in row["reason"]
    assert row["effect"] == pytest.approx(5.05) and row["n"] == 4  # shown, and no evidence
    (part,) = row["parts"]
    assert part["verdict"] == "UNRELIABLE" and part["p"] is None and part["doubted"]


def test_flags_of_other_models_and_attacks_are_no_matter():
    flagged = records({("net/alr", "auto", 0): ["clean"], ("net/atmc", "paper", 0): ["masking"]})
    assert verdicts(flagged)["A-1"]["verdict"] == "SUPPORTED"


def test_claims_of_other_metrics_do_not_see_the_flags():
    flagged = records({("net/atmc", "auto", 0): ["masking"]})
    clean = flagged[flagged.metric == "robust_accuracy"].assign(metric="accuracy", shift="clean", severity=0.0)
    clean = clean.drop_duplicates(["model", "seed"])
    place = {"shifts": ["clean"], "severities": [0]}
    change = {"metric": "accuracy", "arm": {"model": "net/atmc", **place}, "baseline": {"model": "net/pruned", **place}}
    found = verdicts(pd.concat([flagged, clean]), A_2=change)
    assert (found["A-1"]["verdict"], found["A-2"]["verdict"]) == ("UNRELIABLE", "SUPPORTED")


def test_a_flagged_note_taints_itself_alone():
    flagged = records({("net/atmc", "paper", 0): ["gradients"]})
    row = verdicts(flagged, also={"their attack": {"note": True, "shifts": ["paper"], "above": 0.0}})["A-1"]
    assert row["verdict"] == "SUPPORTED" and [part["verdict"] for part in row["parts"]] == ["SUPPORTED", "UNRELIABLE"]
    row = verdicts(flagged, also={"their attack": {"shifts": ["paper"]}})["A-1"]
    assert row["verdict"] == "UNRELIABLE"


def test_an_unreliable_claim_does_not_weigh_on_its_family():
    flagged = records({("net/alr", "auto", 0): ["masking"]})
    other = {"arm": {"model": "net/alr", "shifts": ["auto"], "severities": [0.1]}}
    found = verdicts(flagged, A_2=other)
    assert found["A-2"]["verdict"] == "UNRELIABLE" and found["A-1"]["p_holm"] == found["A-1"]["p"]


def test_missing_records_come_before_doubts():
    flagged = records({("net/atmc", "auto", 0): ["masking"]})
    row = verdicts(flagged[flagged.model != "net/pruned"])["A-1"]
    assert row["verdict"] == "NOT RUN" and "net/pruned" in row["reason"]


def test_a_slope_over_flagged_severities_is_unreliable():
    flagged = records({("net/alr", "auto", 1): ["monotone"]})
    change = {
        "effect": "slope", "baseline": None, "above": None, "below": 1000.0,
        "arm": {"model": "net/{x}", "shifts": ["auto"], "severities": [0.1]},
        "along": {"pruned": 1.0, "atmc": 2.0, "alr": 3.0},
    }  # fmt: skip
    row = verdicts(flagged, A_2=change)["A-2"]
    assert row["verdict"] == "UNRELIABLE" and "net/alr" in row["reason"]


def derived(metric):
    """The records of ``net/atmc``, called by a metric that compares networks."""
    frame = records()
    return frame[(frame.model == "net/atmc") & (frame.metric == "robust_accuracy")].assign(metric=metric)


def test_what_compares_networks_is_unreliable_by_those_behind_it_and_what_they_say_themselves_is_not():
    own = derived("excess_loss")
    row = own.iloc[[0]].assign(metric="unreliable_behind/excess_loss/masking", value=1.0)
    change = {"metric": "excess_loss", "effect": "value", "baseline": None}
    found = verdicts(pd.concat([records(), own, row]), A_2=change)
    assert found["A-2"]["verdict"] == "UNRELIABLE" and "net/atmc under auto (masking)" in found["A-2"]["reason"]
    assert found["A-1"]["verdict"] == "SUPPORTED"
    other = row.assign(metric="unreliable_behind/lost_accuracy/masking")
    assert verdicts(pd.concat([records(), own, other]), A_2=change)["A-2"]["verdict"] == "SUPPORTED"


def test_what_compares_networks_one_of_which_diverged_is_withheld_and_what_they_say_themselves_is_not():
    own = derived("excess_loss")
    row = own.iloc[[0]].assign(shift="training", metric="diverged_behind/excess_loss", value=3.0)
    change = {"metric": "excess_loss", "effect": "value", "baseline": None}
    found = verdicts(pd.concat([records(), own, row]), A_2=change)
    assert (
        found["A-2"]["verdict"] == "NOT RUN" and "net/atmc of seed 0, whose training diverged" in found["A-2"]["reason"]
    )
    assert found["A-1"]["verdict"] == "SUPPORTED"
