"""Figures and tables about decks show the records' numbers."""

from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from toy_cards import FAMILIES, card_records
from toy_decks import GAINS, MODELS, deck_records
from undrawn import undrawn

from shiftpress.core.statistics import Estimate
from shiftpress.reporting.deck_attacks import attacked_decks
from shiftpress.reporting.deck_charts import deck_charts
from shiftpress.reporting.deck_figures import looks_of
from shiftpress.reporting.deck_tables import COLUMNS, HEADS, of_decks, regret_table, robust
from shiftpress.reporting.page import environment

ROOT = Path(__file__).parents[2]
RECORDS = deck_records()
CELLS = 1 + 15 * 3


@pytest.fixture(scope="module")
def found() -> dict:
    return deck_charts(RECORDS)


def rows_of(chart: dict, model: str) -> pd.DataFrame:
    rows = pd.DataFrame(chart["rows"])
    return rows[rows.model == model].set_index("place")


def test_every_deck_has_the_figures_that_it_has_records_for(found):
    names = {name.removeprefix("mnist5k-decks-") for name in found}
    assert names == {
        "routing_pair33_gaussian", "routing_pair33_dense_gaussian", "gain_pair33", "gain_pair33_dense",
        "batches_pair33", "front",
        "drift_pair33", "drift_pair33_dense",
    }  # fmt: skip
    assert all(chart["phase"] == "decks" and chart["rows"] for chart in found.values())


def test_cards_by_themselves_belong_to_no_deck():
    rows = of_decks(RECORDS)
    alone = rows[rows.model == "convs/augmix/dense/0"]
    assert len(alone) and alone.gate.isna().all() and alone.deck.isna().all()
    gated = rows[rows.model == "pair33/spectral/10"].iloc[0]
    assert (gated.deck, gated.gate, gated.batch) == ("pair33", "spectral", 10)


def test_the_routing_matrix_has_a_share_for_every_corruption_and_severity(found):
    chart = found["mnist5k-decks-routing_pair33_gaussian"]
    rows = rows_of(chart, "pair33/spectral/100")
    assert len(rows) == CELLS
    assert rows["mean"]["gaussian noise 5"] == pytest.approx(97) and rows["mean"]["fog 1"] == pytest.approx(2)
    assert rows["mean"]["clean 0"] == pytest.approx(2)
    texts = ElementTree.fromstring(chart["svg"]).iter("{http://www.w3.org/2000/svg}text")
    words = ["".join(text.itertext()).strip() for text in texts]
    assert words.count("97") == 6 and words.count("2") == 1 + 12 * 3 and "batches of 100" in chart["note"]


def test_the_gain_of_a_deck_is_paired_with_its_best_card(found):
    rows = rows_of(found["mnist5k-decks-gain_pair33"], "pair33/uniform")
    assert len(rows) == CELLS - 1
    for severity, gain in GAINS.items():
        one = rows.loc[f"fog {severity:g}"]
        assert one["mean"] == pytest.approx(gain, abs=0.15) and one.high - one.low < 1


def test_accuracy_over_batches_is_robust_accuracy_of_each_gate(found):
    rows = rows_of(found["mnist5k-decks-batches_pair33"], "pair33/spectral/10")
    frame = RECORDS[(RECORDS.model == "pair33/spectral/10") & (RECORDS.metric == "accuracy")]
    shifts = [name for names in FAMILIES.values() for name in names]
    assert rows["mean"].item() == pytest.approx(100 * frame[frame["shift"].isin(shifts)]["value"].mean())
    assert list(rows.index) == [10]


def test_robust_accuracy_is_one_number_a_seed():
    table = robust(of_decks(RECORDS))
    assert not table.duplicated(["model", "seed"]).any() and set(table.seed) == {0, 1, 2}


def test_the_front_has_decks_budgets_and_cards_at_their_bytes(found):
    chart = found["mnist5k-decks-front"]
    places = {row["model"]: row["place"] for row in chart["rows"]}
    assert places["pair33/uniform"] == 300 and places["budget_50000/uniform"] == 48
    assert places["convs/gaussian/lrr_once/95/0"] == 50 and "pair33/spectral/100" not in places
    assert "Pareto front" in chart["svg"] and "single dense networks" in chart["svg"]


def test_regret_is_what_the_oracle_has_more():
    rows = {row["model"]: dict(zip(COLUMNS, row["cells"], strict=True)) for row in regret_table(of_decks(RECORDS))}
    assert "pair33/oracle" not in rows and "six_gaussian/uniform" not in rows, "without an oracle there is no regret"
    for model in ("pair33/uniform", "pair33/random", "pair33/spectral/100", "pair33_dense/uniform"):
        wanted = MODELS[f"{model.split('/')[0]}/oracle"] - MODELS[model]
        assert rows[model]["all"].mean == pytest.approx(wanted, abs=0.1)
        assert rows[model]["noise"].mean == pytest.approx(wanted, abs=0.1)
    assert rows["pair33/spectral/10"]["cards"].mean == 3 and rows["pair33/uniform"]["cards"].mean == 6
    assert rows["pair33/best"]["cards"].mean == 1 and rows["pair33/best"]["kilobytes"] is None
    assert isinstance(rows["pair33/uniform"]["kilobytes"], Estimate)
    assert rows["pair33/uniform"]["kilobytes"].mean == 300


def test_decks_have_no_figures_without_records():
    assert deck_charts(RECORDS.iloc[:0]) == {}
    assert deck_charts(card_records(pruners=["lrr"], levels=(95,), augmentations=("clean",))) == {}
    plain = RECORDS[RECORDS["shift"] == "clean"]
    with undrawn():
        assert {name.split("-")[2].split("_")[0] for name in deck_charts(plain)} <= {"routing"}


def test_svgs_of_decks_are_whole_and_repeat(found):
    again = deck_charts(RECORDS.sample(frac=1, random_state=1))
    assert {name: chart["svg"] for name, chart in again.items()} == {n: c["svg"] for n, c in found.items()}
    for chart in found.values():
        root = ElementTree.fromstring(chart["svg"])
        assert root.get("role") == "img" and root.get("aria-label") == chart["title"] != ""
        assert float(root.get("viewBox").split()[2]) <= 5.2 * 72


def test_a_gate_looks_the_same_wherever_it_is_drawn():
    assert looks_of(["spectral"])["spectral"] == looks_of(["learned", "other", "spectral"])["spectral"]


def test_the_page_has_the_figures_and_the_regrets(found):
    whole = '{% import "macros.html.j2" as macros %}{% include "sections/decks.html.j2" %}'
    heads = {name: {"title": HEADS.get(name, name)} for name in COLUMNS}
    chapter = {
        "dataset": "mnist5k",
        "figures": list(found.values()),
        "decks": {},
        "names": [],
        "attacked_decks": attacked_decks(RECORDS),
    }
    chapter |= {"regret": regret_table(of_decks(RECORDS)), "regret_columns": COLUMNS, "regret_heads": heads}
    page = environment(ROOT / "report/templates").from_string(whole).render(chapter=chapter, shifts={}, min_seeds=3)
    assert page.count("<figure") == len(found) and "pair33/spectral/100" in page and "all corruptions" in page
    assert "not deployable" in page and "nan" not in page.lower()
