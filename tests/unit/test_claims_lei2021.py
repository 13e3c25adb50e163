"""Every claim of Lei et al. 2021 gets its verdict from records that hold it, or a reason that names what is missing."""

import json
from pathlib import Path

import jsonschema
import pytest
from toy_records import LAPTOP, STANDARD_TIER, codec_records

from shiftpress.assembly import build, trained_codecs
from shiftpress.claims.comparison import Note
from shiftpress.claims.model import read_ledgers
from shiftpress.claims.results import schema
from shiftpress.claims.verdict import judge
from shiftpress.loading import load_study

ROOT = Path(__file__).parents[2]
(LEDGER,) = read_ledgers([ROOT / "claims/lei2021.yaml"])
AT_LAPTOP = ["L1", "L2", "L3", "L5", "L7", "L9", "L13", "L14", "L15", "L16", "L17", "L19"]

TIERS = {"laptop": (64, 2), "standard": (500, 3), "paper": (10_000, 3)}
"""Images that the paper's attack is made on, and starts of the stronger one: so many at least."""


def study_of(tier: str):
    return load_study([str(ROOT / "params.yaml")] + ([] if tier == "laptop" else [str(ROOT / f"tiers/{tier}.yaml")]))


@pytest.fixture(scope="module")
def laptop() -> dict[str, dict]:
    return {row["id"]: row for row in judge([LEDGER], codec_records(LAPTOP), "laptop")}


@pytest.fixture(scope="module")
def standard() -> dict[str, dict]:
    return {row["id"]: row for row in judge([LEDGER], codec_records(STANDARD_TIER, seeds=8), "standard")}


def test_all_twenty_are_there():
    assert list(LEDGER.claims) == [f"L{k}" for k in range(1, 21)]


@pytest.mark.parametrize("name", LEDGER.claims)
def test_a_claim_runs_where_it_says(name, laptop, standard):
    tier = LEDGER.claims[name].tier
    assert (laptop[name]["verdict"] != "NOT RUN") == (tier == "laptop") == (name in AT_LAPTOP)
    assert (standard[name]["verdict"] != "NOT RUN") == (tier is not None)


@pytest.mark.parametrize("name", LEDGER.claims)
def test_records_that_hold_what_the_paper_found_support_it(name, standard):
    if standard[name]["verdict"] != "NOT RUN":
        assert standard[name]["verdict"] == "SUPPORTED", standard[name]["reason"]


@pytest.mark.parametrize("tier", TIERS)
def test_a_tier_trains_and_shifts_what_its_claims_need(tier):
    study = study_of(tier)
    trained = {"/".join(pair) for pair in trained_codecs(study)}
    for name, claim in LEDGER.claims.items():
        if claim.tier in (("laptop",) if tier == "laptop" else ("laptop", "standard")):
            for comparison in (c for c in [claim, *map(claim.comparison, claim.also)] if not isinstance(c, Note)):
                for arm in filter(None, (comparison.arm, comparison.baseline)):
                    assert {"/".join(model.split("/")[:2]) for model in _models(arm.model, comparison)} <= trained, name
                    for shift in arm.shifts:
                        wanted = set(arm.severities) if isinstance(arm.severities, list) else set()
                        made = build("shifts", study.shifts[shift]).severities
                        assert shift in study.chosen("shifts") and wanted <= {0, *made}, (name, shift)


def _models(pattern: str, comparison) -> list[str]:
    along = comparison.along or {"": 0}
    return [pattern.replace("{x}", x).replace("{at}", f"{at:g}") for x, at in along.items()]


@pytest.mark.parametrize("tier", TIERS)
def test_a_tier_attacks_as_the_claims_say(tier):
    images, starts = TIERS[tier]
    ball, stronger = (build("shifts", study_of(tier).shifts[name]) for name in ("ball", "ball_strong"))
    assert (ball.steps, ball.restarts) == (15, 1) and ball.images >= images
    assert stronger.steps >= 60 and stronger.restarts >= starts


def test_what_is_not_run_says_what_is_missing_and_where_it_is_made(laptop):
    assert laptop["L4"]["reason"] == "no records of fixed10/wdro50; the standard tier runs it"
    assert "nested91/nested20/prefix, fixed9/erm; the standard tier runs it" in laptop["L11"]["reason"]
    assert laptop["L18"]["reason"] == "no records of nested64/nested_rotation; the standard tier runs it"
    assert laptop["L4"]["effect"] is None and laptop["L4"]["p"] is None


def test_without_any_records_nothing_is_claimed():
    found = judge([LEDGER], codec_records({})[:0], "smoke")
    assert {row["verdict"] for row in found} == {"NOT RUN"} and all(row["reason"] for row in found)
    assert found[1]["reason"].startswith("no records of distortion_se of a model like fixed10/wdro20 on a dataset like")


def test_two_seeds_give_numbers_but_no_verdict():
    found = judge([LEDGER], codec_records(LAPTOP, seeds=2), "laptop")
    (row,) = [row for row in found if row["id"] == "L2"]
    assert row["verdict"] == "NOT RUN" and row["reason"] == "2 seeds, 3 needed"
    assert row["effect"] < 1 and row["interval"] is None and row["p"] is None and row["mde"] is None


def test_the_stronger_attack_stands_beside_every_claim_about_the_ball():
    for name, claim in LEDGER.claims.items():
        notes = [c for c in map(claim.comparison, claim.also) if isinstance(c, Note)]
        if "ball" in claim.arm.shifts or any("ball" in c.arm.shifts for c in map(claim.comparison, claim.also)):
            assert any("ball_strong" in note.arm.shifts for note in notes), name


def test_a_reported_value_lies_where_the_claim_says_it_does():
    for name, claim in LEDGER.claims.items():
        said = [(claim, claim.reported), *((claim.comparison(key), v.reported) for key, v in claim.also.items())]
        for comparison, reported in said:
            if reported is None or reported.value is None or isinstance(comparison, Note):
                continue
            low, high = comparison.within or (comparison.above or 0.0, comparison.below or float("inf"))
            if (name, comparison.arm.model) != ("L11", "nested91/nested20/prefix"):
                assert low < reported.value < high, (name, comparison.arm)


def test_a_reconstruction_says_that_it_is_ours():
    for claim in LEDGER.claims.values():
        if claim.reported.known == "reconstruction":
            assert (
                claim.statement.startswith("Our hypothesis, not a finding of the paper")
                and claim.reported.value is None
            )


def test_the_rows_follow_the_published_schema(laptop, standard):
    assert json.loads((ROOT / "docs/claims.schema.json").read_text()) == schema()
    check = jsonschema.Draft202012Validator(schema())
    for rows in (laptop, standard):
        assert not list(check.iter_errors(json.loads(json.dumps(list(rows.values())))))
    broken = [{key: value for key, value in laptop["L2"].items() if key != "p_holm"}]
    assert list(check.iter_errors(broken))


def test_earlier_claims_keep_their_thresholds():
    old = LEDGER.claims["L13"]
    assert (old.effect, old.above, old.arm.model, old.baseline.model) == ("ratio", 2.0, "fixed10/erm", "fixed10/erm")
    (cards,) = read_ledgers([ROOT / "claims/cards2021.yaml"])
    assert cards.claims["C-1"].above == -0.5 and cards.claims["C-1"].min_seeds == 3
