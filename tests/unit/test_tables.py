"""Tables state mean, spread and count, and refuse to count a seed twice."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from shiftpress.core.records import Record, read_records, write_records
from shiftpress.core.statistics import Estimate, estimate
from shiftpress.core.storage import canonical_json
from shiftpress.reporting.page import interval, number
from shiftpress.reporting.tables import AT, accuracy_table, all_means, estimates, headline, scores

ROW = dict(
    phase="cards", dataset="d", model="c/dense", shift="noise", severity=0.1, source="regenerated", seed=0,
    metric="accuracy", value=0.5, n=4, fingerprint="a",
)  # fmt: skip

GROUPS = [("a", 0.1, 3), ("b", 0.1, 5), ("a", 0.3, 2), ("c", 0.1, 1), ("b", 0.3, 3), ("c", 0.3, 17)]
"""Of networks and severities with that many seeds."""


def frame(*changes: dict) -> pd.DataFrame:
    return scores(Record(**(ROW | change)) for change in changes)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_no_result(value):
    with pytest.raises(ValidationError):
        Record(**(ROW | {"value": value}))


def test_records_survive_their_file(tmp_path):
    records = [Record(**ROW), Record(**(ROW | {"seed": 1, "value": 1 / 3}))]
    write_records(tmp_path / "r.json", records, "me")
    assert read_records(tmp_path / "r.json") == records


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_file_of_records_is_canonical(tmp_path, count):
    odd = {"model": 'a "b"\\\n{é}', "value": 1e-9, "severity": -0.0}
    records = [Record(**(ROW | odd | {"seed": seed})) for seed in range(count)]
    write_records(tmp_path / "r.json", records, "me")
    assert (tmp_path / "r.json").read_bytes() == canonical_json([record.model_dump() for record in records])
    assert read_records(tmp_path / "r.json") == records


def test_a_seed_counts_once_per_cell():
    with pytest.raises(ValueError, match="two records for one cell"):
        frame({}, {"value": 0.6})


def test_estimates_of_many_groups_are_those_of_each():
    """However many seeds each has, in whatever order its rows stand."""
    draws = np.random.default_rng(0)
    rows = [(model, severity) for model, severity, seeds in GROUPS for _ in range(seeds)]
    table = pd.DataFrame(rows, columns=["model", "severity"]).assign(value=draws.normal(size=len(rows)))
    table = table.sample(frac=1, random_state=0)
    found = estimates(table, ["model", "severity"])
    for row in found.itertuples():
        own = table[(table.model == row.model) & (table.severity == row.severity)]["value"]
        told = [None if end != end else end for end in (row.low, row.high)]
        assert Estimate(row.mean, *told, row.n) == estimate(own.tolist())
    firsts = table.drop_duplicates(["model", "severity"])
    assert [*zip(found.model, found.severity, strict=True)] == [*zip(firsts.model, firsts.severity, strict=True)]


def test_where_no_group_has_enough_seeds_no_estimate_has_an_interval():
    found = estimates(pd.DataFrame({"model": ["a", "a", "b"], "value": [1.0, 2.0, 4.0]}), ["model"])
    assert found.to_dict("list") == {
        "model": ["a", "b"], "mean": [1.5, 4.0], "low": [None, None], "high": [None, None], "n": [2, 1],
    }  # fmt: skip
    assert estimates(pd.DataFrame({"model": [], "value": []}), ["model"]).empty


def test_cards_stand_dense_first_then_by_sparsity():
    models = ["c/lrr/95", "c/lrr/50", "c/dense", "c/lrr/5"]
    rows = accuracy_table(frame(*({"model": m} for m in models)), "d", ["noise"])
    assert [row["model"] for row in rows] == ["c/dense", "c/lrr/5", "c/lrr/50", "c/lrr/95"]


def test_a_cell_averages_severities_but_zero_and_then_seeds():
    cells = [
        {"seed": s, "severity": v, "value": x} for s in range(3) for v, x in ((0, 1.0), (1, 0.2 + s / 10), (2, 0.4))
    ]
    (cell,) = accuracy_table(frame(*cells), "d", ["noise"])[0]["cells"]
    assert cell.n == 3 and cell.mean == pytest.approx(35.0)


def test_a_table_may_show_the_mildest_or_the_severest_of_each_shift():
    sizes = {"noise": {0: 1.0, 1: 0.8, 3: 0.6}, "rotate": {-90: 0.2, -10: 0.7, 0: 1.0, 90: 0.4}, "clean": {0: 0.9}}
    cells = [
        {"shift": shift, "severity": severity, "value": value}
        for shift, values in sizes.items()
        for severity, value in values.items()
    ]
    found = {
        at: [cell.mean for cell in accuracy_table(frame(*cells), "d", list(sizes), at=at)[0]["cells"]] for at in AT
    }
    averaged, mildest, severest = found.values()
    assert averaged == pytest.approx([70, 130 / 3, 90])
    assert mildest == pytest.approx([80, 70, 90]) and severest == pytest.approx([60, 30, 90])


def test_a_model_that_is_scored_unshifted_alone_has_nothing_to_show_where_others_are_shifted():
    """An angle codec that looks for no angle is scored at 0 degrees: that is no mean over rotations."""
    whole = [{"model": "whole", "severity": severity, "seed": seed} for severity in (0.0, 15.0) for seed in range(3)]
    part = [{"model": "part", "severity": 0.0, "seed": seed} for seed in range(3)]
    clean = [{"model": model, "shift": "clean", "severity": 0.0} for model in ("part", "whole")]
    rows = accuracy_table(frame(*whole, *part, *clean), "d", ["noise", "clean"])
    shown = {row["model"]: [cell is not None for cell in row["cells"]] for row in rows}
    assert shown == {"part": [False, True], "whole": [True, True]}


def test_fewer_than_three_seeds_are_said_and_not_given_an_interval():
    (cell,) = accuracy_table(frame({}, {"seed": 1}), "d", ["noise"])[0]["cells"]
    assert interval(cell) == "50.0 (n=2, no interval)"
    assert number(-1.25, 2) == "−1.25" and number(None) == "–"


def test_all_means_nest_for_dvc():
    whole = frame({}, {"metric": "error/5/-10", "shift": "fourier"})
    found = all_means(whole, [{"id": "C-1", "effect": 1.5, "n": 3}])
    assert set(found["cards"]["d"]["c/dense"]) == {"accuracy"}, "no maps point by point"
    assert found["cards"]["d"]["c/dense"]["accuracy"]["noise"] == 0.5
    assert found["claims"]["C-1"] == {"effect": 1.5, "n": 3}


def test_the_headline_is_a_few_numbers_over_models_then_shifts_and_the_verdicts():
    whole = frame(
        {"shift": "clean", "severity": 0.0, "value": 0.9},
        {"value": 0.2}, {"severity": 2.0, "value": 0.4}, {"severity": 0.0, "value": 1.0},
        {"shift": "fog", "value": 0.7}, {"shift": "fog", "value": 0.9, "model": "c/lrr/50"},
        {"metric": "ece"},
    )  # fmt: skip
    found = headline(whole, [{"verdict": "NOT RUN"}, {"verdict": "SUPPORTED"}, {"verdict": "NOT RUN"}])
    assert found["cards"] == {
        "d": {"accuracy": {"clean": 0.9, "shifted": pytest.approx((0.3 + 0.7 + 0.9) / 3, abs=1e-6)}}
    }
    assert found["claims"] == {"not run": 2, "supported": 1}
