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
    assert verdict(table(*rows), effect="ratio", scale=1.0)["effect"] == pytest.approx(2.0)


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
