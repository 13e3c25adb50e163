"""The published numbers of the released networks are written down as their authors gave them."""

from pathlib import Path

import pandas as pd
import pytest

from shiftpress.claims.model import read_ledgers
from shiftpress.claims.verdict import judge

ROOT = Path(__file__).parents[2]
(LEDGER,) = read_ledgers([ROOT / "claims/robustbench.yaml"])
COLUMNS = ["phase", "dataset", "model", "shift", "severity", "source", "seed", "metric", "value", "n", "fingerprint"]
# robust and clean accuracy of RobustBench's own tables
PUBLISHED = {
    ("cifar10", "lrr_deck"): (92.78, 96.56),
    ("cifar10", "lrr"): (90.94, 96.66),
    ("cifar10", "binary_deck"): (90.15, 95.09),
    ("cifar10", "binary"): (88.32, 94.87),
    ("cifar100", "lrr_deck"): (71.08, 79.93),
    ("cifar100", "lrr"): (66.45, 78.41),
    ("cifar100", "binary_deck"): (69.09, 78.50),
    ("cifar100", "binary"): (65.26, 77.69),
}


def test_every_entry_is_claimed_with_its_published_numbers():
    found = {}
    for claim in LEDGER.claims.values():
        clean = claim.also["clean images"]
        found[claim.dataset, claim.arm.model.split("/")[1]] = (claim.reported.value, clean.reported.value)
        assert claim.reported.known == clean.reported.known == "data" and len(claim.arm.shifts) == 15
        for said, (low, high) in ((claim.reported, claim.within), (clean.reported, clean.within)):
            assert low == pytest.approx(said.value - 0.02) and high == pytest.approx(said.value + 0.02)
    assert found == PUBLISHED


def test_without_the_files_no_claim_is_run():
    for row in judge([LEDGER], pd.DataFrame(columns=COLUMNS), "paper"):
        assert row["verdict"] == "NOT RUN" and "no tier makes them yet" in row["reason"] and row["n"] == 0


def test_with_the_files_the_number_is_shown_but_one_network_gives_no_verdict():
    claim = LEDGER.claims["RB-4"]
    cells = [("clean", 0.0, 0.9487), *((shift, s, 0.8832) for shift in claim.arm.shifts for s in (1.0, 5.0))]
    rows = [
        ("cards", "cifar10", "released/binary", shift, s, "official", 0, "accuracy", v, 10_000, "f")
        for shift, s, v in cells
    ]
    (row,) = [row for row in judge([LEDGER], pd.DataFrame(rows, columns=COLUMNS), "paper") if row["id"] == "RB-4"]
    assert row["verdict"] == "NOT RUN" and "1 seeds, 3 needed" in row["reason"]
    assert {round(part["effect"], 2) for part in row["parts"]} == {88.32, 94.87}
