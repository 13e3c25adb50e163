"""Every claim about cards gets its verdict from records that hold it, or a reason that names what is missing."""

from functools import cache
from math import log2
from pathlib import Path

import pandas as pd
import pytest
from toy_cards import AUGMENTED, LAPTOP, card_records, controls
from toy_decks import GAINS, deck_records

from shiftpress.assembly import build, trained_cards
from shiftpress.claims.comparison import Note
from shiftpress.claims.model import read_ledgers
from shiftpress.claims.verdict import judge
from shiftpress.loading import load_study

ROOT = Path(__file__).parents[2]
(LEDGER,) = read_ledgers([ROOT / "claims/cards2021.yaml"])
AT_LAPTOP = [*(f"C-{k}" for k in [*range(1, 11), *range(13, 19)]), "C-20", "C-23", "C-25"]
DECKS = [f"C-{k}" for k in range(13, 19)]


def rows(**which) -> dict[str, dict]:
    tier = which.pop("tier")
    seeds, standard = which.get("seeds", 3), tier == "standard"
    more = [controls(seeds)] if standard else []
    frame = pd.concat([card_records(**which), deck_records(seeds, standard), *more], ignore_index=True)
    return {row["id"]: row for row in judge([LEDGER], frame, tier)}


@cache
def small() -> pd.DataFrame:
    """Records of the cards that a laptop makes; to be copied before they are changed."""
    return card_records(pruners=LAPTOP, levels=(80, 95), augmentations=("clean",))


@pytest.fixture(scope="module")
def laptop() -> dict[str, dict]:
    return rows(pruners=LAPTOP, levels=(80, 95), augmentations=("clean", "gaussian"), picks=("",), tier="laptop")


@pytest.fixture(scope="module")
def standard() -> dict[str, dict]:
    return rows(seeds=5, tier="standard")


def test_all_are_there():
    assert list(LEDGER.claims) == [f"C-{k}" for k in range(1, 27)]


@pytest.mark.parametrize("tier", ["laptop", "standard", "narrowed"])
def test_widths_are_as_many_doublings_apart_as_a_claim_says(tier):
    overlay = [] if tier == "laptop" else [str(ROOT / f"tiers/{tier}.yaml")]
    networks = load_study([str(ROOT / "params.yaml"), *overlay]).classifiers
    width = {name: build("classifiers", networks[name]).width for name in LEDGER.claims["C-19"].along}
    assert {name: log2(own / width["convs"]) for name, own in width.items()} == LEDGER.claims["C-19"].along


@pytest.mark.parametrize("name", LEDGER.claims)
def test_a_claim_runs_where_it_says(name, laptop, standard):
    tier = LEDGER.claims[name].tier
    assert (laptop[name]["verdict"] != "NOT RUN") == (tier == "laptop") == (name in AT_LAPTOP), laptop[name]["reason"]
    assert (standard[name]["verdict"] != "NOT RUN") == (tier is not None), standard[name]["reason"]
    for found in (laptop[name], standard[name]):
        assert found["reason"] and (found["verdict"] != "NOT RUN" or "no records of" in found["reason"])


@pytest.mark.parametrize("name", LEDGER.claims)
def test_records_that_hold_what_was_found_support_it(name, standard):
    if standard[name]["verdict"] != "NOT RUN":
        assert standard[name]["verdict"] == "SUPPORTED", (standard[name]["condition"], standard[name]["reason"])


def test_networks_that_one_claim_is_about_move_no_other():
    frame, more = card_records(LAPTOP, (80, 95), ("clean",), picks=("",)), controls()
    without, whole = (
        {row["id"]: row for row in judge([LEDGER], own, "standard")} for own in (frame, pd.concat([frame, more]))
    )
    assert {name for name in whole if whole[name] != without[name]} == {"C-3", "C-19"}
    assert without["C-19"]["verdict"] == "NOT RUN" and whole["C-19"]["n"] == 3
    notes, others = zip(*(_split(found["C-3"]["parts"]) for found in (whole, without)), strict=True)
    assert others[0] == others[1] and [note["n"] for note in notes] == [3, 0]


def _split(parts):
    """The note about networks without normalisation, and the other comparisons."""
    (note,) = [part for part in parts if part["name"] == "without batch normalisation"]
    return note, [part for part in parts if part != note]


def test_a_gain_that_falls_with_width_refutes_that_it_grows():
    frame = pd.concat([card_records(["lrr"], (95,), ("clean",), picks=("",)), controls()], ignore_index=True)
    widest = frame.model.str.startswith("convs_double/clean/lrr") & (frame.metric == "accuracy")
    frame.loc[widest, "value"] -= 0.08
    found = {row["id"]: row for row in judge([LEDGER], frame, "standard")}["C-19"]
    assert found["verdict"] == "REFUTED" and found["effect"] < 0


@pytest.mark.parametrize(
    ("name", "pruner", "points"),
    [
        ("C-1", "lrr", -3.0),
        ("C-3", "lth", -3.0),
        ("C-4", "fine_tune", 6.0),
        ("C-5", "gradual", 6.0),
        ("C-6", "gradual", 12.0),
        ("C-7", "edge_popup", -3.0),
        ("C-8", "biprop", -3.0),
        ("C-9", "biprop", 3.0),
        ("C-10", "lth", 3.0),
        ("C-20", "dense_long", 4.0),
    ],
)
def test_records_that_say_otherwise_refute_it(name, pruner, points):
    frame = small().copy()
    moved = frame.model.str.contains(f"/{pruner}/") & (frame.metric == "accuracy")
    if name == "C-4":
        moved &= frame.model.str.contains("/95")
    frame.loc[moved, "value"] += points / 100
    found = {row["id"]: row for row in judge([LEDGER], frame, "laptop")}
    assert found[name]["verdict"] == "REFUTED", found[name]["reason"]


def test_similar_means_similar_from_both_sides():
    frame = small().copy()
    better = frame.model.str.contains("/lrr/") & (frame["shift"] == "clean") & (frame.metric == "accuracy")
    frame.loc[better, "value"] += 0.02
    found = {row["id"]: row for row in judge([LEDGER], frame, "laptop")}["C-2"]
    assert found["verdict"] == "REFUTED"
    assert [part["verdict"] for part in found["parts"] if part["name"] == "no worse"] == ["SUPPORTED"] * 2


@pytest.mark.parametrize(
    ("name", "model", "metric", "shift", "points"),
    [
        ("C-13", "pair33/best", "accuracy", "", 400.0),
        ("C-13", "six_gaussian/uniform", "accuracy", "", 300.0),
        ("C-15", "pair33/spectral/100", "accuracy", "", -80.0),
        ("C-15", "pair33/spectral/100", "accuracy", "", 80.0),
        ("C-16", "pair33/spectral/10", "weight_gaussian", "noise", -30.0),
        ("C-16", "pair33/spectral/100", "weight_gaussian", "blur", 90.0),
        ("C-16", "pair33/spectral/100", "weight_gaussian", "clean", 30.0),
        ("C-17", "pair33/uniform_logits", "accuracy", "", 50.0),
        ("C-18", "pair33", "bitmap_per_dense", "storage", 100.0),
    ],
)
def test_records_of_decks_that_say_otherwise_refute_it(name, model, metric, shift, points):
    frame = deck_records()
    moved = (frame.model == model) & (frame.metric == metric) & frame["shift"].str.contains(shift)
    jitter = frame.seed[moved] * 1e-4
    frame.loc[moved, "value"] += points / (10_000 if metric == "accuracy" else 100) + jitter
    found = {row["id"]: row for row in judge([LEDGER], frame, "laptop")}
    assert found[name]["verdict"] == "REFUTED", found[name]["reason"]


def test_a_gain_that_shrinks_with_severity_refutes_that_it_grows():
    frame = deck_records()
    for severity, gain in GAINS.items():
        moved = (frame.model == "pair33/best") & (frame.metric == "accuracy") & (frame.severity == severity)
        frame.loc[moved, "value"] += 2 * gain / 100
    found = {row["id"]: row for row in judge([LEDGER], frame, "laptop")}["C-14"]
    assert found["verdict"] == "REFUTED" and found["effect"] == pytest.approx(-0.72, abs=0.05)


def test_the_growth_of_the_gain_is_that_of_the_released_models_in_records_like_theirs(laptop):
    assert laptop["C-14"]["effect"] == pytest.approx(LEDGER.claims["C-14"].reported.value, abs=0.05)


def test_epochs_picked_on_validation_are_no_models_of_their_own(laptop):
    parts = [part for row in laptop.values() for part in row["parts"]]
    assert not [part["model"] for part in parts if part["model"].endswith("/best")]


def test_values_are_those_of_a_source_that_is_named():
    for name, claim in LEDGER.claims.items():
        reports = [claim.reported, *(item.reported for item in claim.also.values() if item.reported)]
        for reported in reports:
            assert reported.known in ("read", "data", "second-hand", "reconstruction"), name
            if reported.known == "data" and reported.value is not None:
                released = ("released", "authors' code", "abstract, less", "on CIFAR-10, +0.67")
                words = released if name in DECKS else ("sister study",)
                assert any(word in reported.text for word in words), (name, "never the paper's own table")
            if reported.known == "reconstruction":
                assert reported.value is None or name == "C-25"


@pytest.mark.parametrize("tier", ["laptop", "standard"])
def test_a_tier_trains_and_shifts_what_its_claims_need(tier):
    study = load_study([str(ROOT / "params.yaml")] + ([] if tier == "laptop" else [str(ROOT / f"tiers/{tier}.yaml")]))
    assert set(study.chosen("augmentations")) <= set(AUGMENTED)
    models = {"/".join(card) for card in trained_cards(study)}
    for name, claim in LEDGER.claims.items():
        if claim.tier not in (("laptop",) if tier == "laptop" else ("laptop", "standard")):
            continue
        if claim.phase == "decks":
            _has_decks(study, name)
            continue
        for comparison in (c for c in [claim, *map(claim.comparison, claim.also)] if not isinstance(c, Note)):
            for arm in filter(None, (comparison.arm, comparison.baseline)):
                named = [arm.model, *arm.pooled, *filter(None, [arm.less])]
                for model in (m.replace("{x}", x) for m in named for x in comparison.along or [""]):
                    classifier, augmentation, pruner, *_ = (
                        model.replace("*", "{1}", 1).replace("{1}", "convs", 1).split("/")
                    )
                    augmentation = comparison.arm.model.split("/")[1] if augmentation == "{2}" else augmentation
                    wanted = f"{classifier}/{augmentation}/{pruner}"
                    assert wanted in models, (name, wanted)
                for shift in set(arm.shifts) - {"fourier", "slopes", "storage"}:
                    assert shift in study.chosen("shifts"), (name, shift)
                    assert build("shifts", study.shifts[shift])


def _has_decks(study, name):
    """Every deck, gate, size of batch and shift that the conditions of a claim name."""
    claim = LEDGER.claims[name]
    special = {"mixed", "drift", "storage"}
    for comparison in (c for c in [claim, *map(claim.comparison, claim.also)] if not isinstance(c, Note)):
        for arm in filter(None, (comparison.arm, comparison.baseline)):
            deck, *gate = arm.model.split("/")
            assert deck in study.chosen("decks"), (name, deck)
            if gate and gate[0] != "best":
                offered = study.decks[deck].gates
                assert gate[0] in (study.chosen("gates") if offered == "all" else offered), (name, gate)
                sizes = build("gates", study.gates[gate[0]]).sizes
                assert gate[1:] == [] if not sizes else int(gate[1]) in sizes, (name, gate)
            under = study.study.decks_under
            assert set(arm.shifts) - special <= set(study.chosen("shifts") if under == "all" else under)
