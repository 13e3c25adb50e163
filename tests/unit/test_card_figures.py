"""Figures about cards show differences paired by seed, are legible, and need something to show."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from toy_cards import FAMILIES, LAPTOP, TRUTH, card_records
from undrawn import undrawn

from shiftpress.reporting.card_charts import FIGURES, card_charts
from shiftpress.reporting.card_figures import ORDER, looks_of, shown
from shiftpress.reporting.card_tables import CORRUPTIONS, accuracy, less_dense, sparsest, taken_apart
from shiftpress.reporting.page import environment
from shiftpress.reporting.published import headline, published, released, sister_study

ROOT = Path(__file__).parents[2]
SISTER = sister_study(ROOT / "report/reference")
RECORDS = card_records(pruners=LAPTOP, levels=(80, 95), augmentations=("clean", "gaussian"))


def filled(frame: pd.DataFrame) -> dict:
    """Without pictures."""
    with undrawn():
        return card_charts(frame, SISTER)


@pytest.fixture(scope="module")
def found() -> dict:
    return card_charts(RECORDS, SISTER)


def rows_of(chart: dict, model: str) -> pd.DataFrame:
    rows = pd.DataFrame(chart["rows"])
    return rows[rows.model == model].set_index("place")


def test_every_classifier_and_augmentation_has_its_figures(found):
    assert set(found) == {f"mnist5k-cards-{what}_convs_{aug}" for what in FIGURES for aug in ("clean", "gaussian")}
    assert all(
        chart["dataset"] == "mnist5k" and chart["phase"] == "cards" and chart["rows"] for chart in found.values()
    )


def test_robust_accuracy_counts_every_corruption_alike_and_only_the_fifteen():
    frame = RECORDS.copy()
    cards = taken_apart(frame)
    before = accuracy(cards, robust=True)
    assert CORRUPTIONS == [name for names in FAMILIES.values() for name in names] and len(CORRUPTIONS) == 15
    more = pd.concat([cards, cards[cards["shift"] == "fog"].assign(severity=2.0), cards[cards["shift"] == "noise"]])
    pd.testing.assert_frame_equal(accuracy(more, robust=True), before)
    one = before[(before.model == "convs/clean/dense") & (before.seed == 0)]
    own = frame[(frame.model == "convs/clean/dense") & (frame.seed == 0) & frame["shift"].isin(CORRUPTIONS)]
    own = own[own.metric == "accuracy"]
    assert one["value"].item() == pytest.approx(100 * own.groupby("shift")["value"].mean().mean())


def test_gains_are_paired_by_seed(found):
    chart = found["mnist5k-cards-gain_convs_clean"]
    row = rows_of(chart, "convs/clean/lrr/95").loc[95.0]
    assert row["mean"] == pytest.approx(1.8, abs=0.1) and row.high - row.low < 0.5
    whole = found["mnist5k-cards-robust_convs_clean"]
    unpaired = rows_of(whole, "convs/clean/lrr/95").loc[95.0]
    assert unpaired.high - unpaired.low > 2 * (row.high - row.low)


def test_what_has_no_dense_partner_has_no_difference():
    rows = accuracy(taken_apart(RECORDS), robust=True)
    lonely = rows[~((rows.pruner == "dense") & (rows.seed == 1) & (rows.net == "convs/clean"))]
    left = less_dense(lonely, ["net", "seed"])
    assert set(left[left.net == "convs/clean"].seed) == {0, 2} and set(left.pruner) == set(LAPTOP)


def test_the_sister_study_stands_beside_the_gains_under_its_own_name(found):
    chart = found["mnist5k-cards-gain_convs_gaussian"]
    assert {row["model"].split("/")[1] for row in chart["paper"]} == {"gaussian"} and chart["theirs"] == "sister study"
    assert "sister study, CIFAR-10" in chart["svg"] and "paper" not in chart["svg"]
    marks = {(row["model"], row["place"]): row["number"] for row in chart["paper"]}
    # 86.33 less 84.59 in the table of the sister study
    assert marks["ResNet18/gaussian/lrr", 95.0] == pytest.approx(1.73, abs=0.02)
    clean = RECORDS.model.str.startswith("convs/clean/")
    alone = card_charts(RECORDS[~clean], SISTER.iloc[:0])["mnist5k-cards-gain_convs_gaussian"]
    assert alone["paper"] == [] and "sister study" not in alone["svg"]


def test_the_map_of_differences_has_a_number_for_every_corruption_and_method(found):
    chart = found["mnist5k-cards-corruptions_convs_clean"]
    assert len(chart["rows"]) == 15 * len(LAPTOP)
    texts = ElementTree.fromstring(chart["svg"]).iter("{http://www.w3.org/2000/svg}text")
    words = ["".join(text.itertext()).strip() for text in texts]
    assert sum(word[:1] in "+−" and word[1:2].isdigit() for word in words) == 15 * len(LAPTOP)
    assert {"gaussian noise", "jpeg compression"} <= set(words)


def test_the_maps_of_frequencies_are_whole_and_their_rings_have_intervals(found):
    chart = found["mnist5k-cards-fourier_convs_gaussian"]
    rings = rows_of(chart, "convs/gaussian/lrr/95")
    assert list(rings.index) == ["high", "low", "mid"] and rings["mean"]["high"] == pytest.approx(40)
    squares = re.findall(r'<path [^>]*clip-path="url', chart["svg"])
    assert len(squares) >= 25 * (1 + len(LAPTOP)), "both halves of the plane"


def test_sizes_are_measured_bytes(found):
    chart = found["mnist5k-cards-bytes_convs_clean"]
    by_model = {row["model"]: row["place"] for row in chart["rows"]}
    assert by_model["convs/clean/dense"] == pytest.approx(800 + 1.5)
    assert by_model["convs/clean/biprop/95"] < by_model["convs/clean/lrr/95"] < by_model["convs/clean/lrr/80"]


def test_layers_are_those_of_the_sparsest_networks_and_an_empty_one_is_named(found):
    chart = found["mnist5k-cards-layers_convs_clean"]
    rows = pd.DataFrame(chart["rows"])
    assert set(rows.model) == {f"convs/clean/{name}/95" for name in LAPTOP if name != "dense_long"}
    assert rows_of(chart, "convs/clean/lrr/95")["mean"].tolist() == pytest.approx([8, 6, 4.9, 7.5])
    assert chart["note"] == ""
    frame = RECORDS.copy()
    frame.loc[(frame.metric == "kept/00/conv0") & (frame.model == "convs/clean/fine_tune/95"), "value"] = 0.0
    assert "convs/clean/fine_tune/95" in filled(frame)["mnist5k-cards-layers_convs_clean"]["note"]


def test_figures_with_nothing_to_compare_are_left_out():
    dense = RECORDS[RECORDS.model.str.endswith("/dense")]
    assert {name.split("-")[2].split("_")[0] for name in filled(dense)} == {"fourier"}
    plain = RECORDS[RECORDS["shift"] == "clean"]
    assert {name.split("-")[2].split("_")[0] for name in filled(plain)} == {"clean"}
    assert filled(RECORDS.iloc[:0]) == {}


def test_epochs_picked_on_validation_are_not_drawn(found):
    assert not [row for chart in found.values() for row in chart["rows"] if str(row["model"]).endswith("/best")]
    assert sparsest(taken_apart(RECORDS)).level.isin([0, 95]).all()


def test_svgs_are_whole_say_what_they_show_and_fit_a_phone(found):
    for chart in found.values():
        root = ElementTree.fromstring(chart["svg"])
        assert root.get("role") == "img" and root.get("aria-label") == chart["title"] != ""
        width, height = (float(part) for part in root.get("viewBox").split()[2:])
        assert width <= 5.2 * 72 and height <= 7 * 72
        assert "currentColor" in chart["svg"] and "<image" not in chart["svg"]


def test_the_same_records_give_the_same_figures(found):
    again = card_charts(RECORDS.sample(frac=1, random_state=1), SISTER)
    assert {name: chart["svg"] for name, chart in again.items()} == {
        name: chart["svg"] for name, chart in found.items()
    }


def test_a_pruner_looks_the_same_wherever_it_is_drawn():
    assert looks_of(["lrr"])["lrr"] == looks_of([*TRUTH, "dense"])["lrr"]
    looks = looks_of(list(TRUTH))
    assert len({tuple(sorted(look.items())) for look in looks.values()}) == len(looks)
    assert shown(taken_apart(card_records())) == ORDER, "eight methods fit, those of the layers wait"


def test_published_numbers_about_cards_say_how_they_are_known():
    table = released(ROOT / "report/reference")
    assert (
        set(table.known) == {"read", "data"} and not table.duplicated(["dataset", "model", "shift", "severity"]).any()
    )
    headline = table[(table["shift"] == "corruptions") & table.severity.isna()].set_index(["dataset", "model"])
    assert headline.accuracy_percent["cifar10", "adaptive deck"] == 92.75
    assert headline.known["cifar10", "adaptive deck"] == "read" and headline.known["cifar10", "LRR card"] == "data"
    single = table[(table.dataset == "cifar10") & (table.model == "LRR card") & table["shift"].isin(CORRUPTIONS)]
    assert single.accuracy_percent.mean() == pytest.approx(90.944, abs=0.005)
    assert set(published(ROOT / "report/reference").columns) >= {"distortion_se"}
    assert not published(ROOT / "report/reference").distortion_se.isna().any()
    assert released(ROOT / "nowhere").empty and sister_study(ROOT / "nowhere").empty


def test_the_page_has_every_figure_with_its_numbers_and_what_the_authors_reported(found):
    whole = '{% import "macros.html.j2" as macros %}{% include "sections/cards.html.j2" %}'
    chapter = {"dataset": "mnist5k", "figures": list(found.values()), "cards": {}, "names": []}
    table = headline(released(ROOT / "report/reference"))
    template = environment(ROOT / "report/templates").from_string(whole)
    page = template.render(chapter=chapter, released=table, shifts={}, min_seeds=3)
    assert page.count("<figure") == len(found) and page.count('role="img"') == len(found)
    assert "sister study" in page and "the abstract" in page and "92.75" in page
    assert "ResNet18/clean/lrr, sister study" in page and ", paper<" not in page
    assert "nan" not in page.lower().replace("nance", "")


def test_the_headline_has_both_accuracies_of_every_network():
    rows = headline(released(ROOT / "report/reference"))
    assert {row["dataset"] for row in rows} == {"cifar10", "cifar100"}
    assert all(row["corruptions"] < row["clean"] <= 100 for row in rows)
