"""Codec figures show ours beside the published numbers, and are there only if there is something to show."""

from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from toy_records import LAPTOP, STANDARD_TIER, codec_records, format_records
from undrawn import undrawn

from shiftpress.reporting.board import in_words
from shiftpress.reporting.charts import charts
from shiftpress.reporting.page import chance, equals
from shiftpress.reporting.published import about, published, shown_first
from shiftpress.reporting.splits import split_table
from shiftpress.reporting.style import codec_looks
from shiftpress.reporting.tables import sizes_table

ROOT = Path(__file__).parents[2]
KNOWN = published(ROOT / "report/reference")
LABELS = {
    "clean": {"title": "clean", "unit": ""},
    "ball": {"title": "Wasserstein ball", "unit": "squared distance"},
    "ball_strong": {"title": "Wasserstein ball", "unit": "squared distance"},
    "rotate": {"title": "rotation", "unit": "degrees"},
    "awgn": {"title": "white noise", "unit": "strength"},
}
PLOTS = [f"mnist5k-codecs-{name}" for name in ("ball", "ball_strong", "rotate", "awgn")]


@pytest.fixture(scope="module")
def laptop() -> dict:
    return charts(codec_records(LAPTOP), KNOWN, PLOTS, LABELS)


@pytest.fixture(scope="module")
def standard() -> dict:
    return charts(codec_records(STANDARD_TIER), KNOWN, PLOTS, LABELS)


def test_published_numbers_are_those_of_the_claims_and_say_how_they_are_known():
    assert set(KNOWN.known) <= {"read", "code", "data", "digitised", "second-hand"}
    clean = KNOWN[KNOWN["shift"] == "clean"].set_index("model").distortion_se
    assert clean["fixed10/erm"] == 7.446 and clean["nested64/nested50"] == 12.19 and len(clean) == 45
    assert not KNOWN.duplicated(["model", "shift", "severity"]).any()


def test_published_numbers_stand_only_beside_the_images_they_are_about():
    assert len(about(KNOWN, "mnist5k")) == len(about(KNOWN, "mnist")) == len(KNOWN)
    other = charts(codec_records(LAPTOP, dataset="digits"), KNOWN, ["digits-codecs-ball"], LABELS)
    chart = other["digits-codecs-ball"]
    assert chart["paper"] == [] and "paper's numbers" not in chart["svg"]
    assert published(ROOT / "nowhere").empty


def test_a_figure_is_there_if_it_compares_something(laptop, standard):
    own = ["against_rate", "on_disk", "as_files"]
    assert set(laptop) == {*PLOTS, *(f"mnist5k-codecs-{name}" for name in own)}
    assert set(standard) == {*laptop, "mnist5k-codecs-allocation"}
    lone = codec_records({"fixed10/erm": LAPTOP["fixed10/erm"]})
    with undrawn():
        assert set(charts(lone, KNOWN, [], LABELS)) == set()
        without = lone[lone["shift"] == "clean"]
        assert charts(without, KNOWN, ["mnist5k-codecs-ball"], LABELS)["mnist5k-codecs-ball"]["rows"] == []


def test_the_ball_shows_both_attacks_from_the_clean_distortion_on(laptop):
    chart = laptop["mnist5k-codecs-ball"]
    rows = pd.DataFrame(chart["rows"])
    assert {"fixed10/erm", "fixed10/erm, stronger attack"} <= set(rows.model)
    start = rows[(rows.model == "fixed10/erm") & (rows.place == 0)]
    assert len(start) == 1 and start.n.item() == 3 and start.low.item() < start["mean"].item() < start.high.item()
    assert {row["known"] for row in chart["paper"]} == {"digitised", "data"}
    assert all(words in chart["svg"] for words in ("stronger attack", "paper's attack", "paper's numbers"))
    assert not laptop["mnist5k-codecs-ball_strong"]["shown"] and laptop["mnist5k-codecs-awgn"]["shown"]


def test_a_ball_without_a_stronger_attack_does_not_speak_of_one():
    frame = codec_records(LAPTOP)
    chart = charts(frame[frame["shift"] != "ball_strong"], KNOWN, PLOTS[:1], LABELS)[PLOTS[0]]
    assert "stronger attack" not in chart["svg"] and len(chart["rows"])


def test_the_mean_over_angles_is_a_line_and_has_no_place(laptop):
    chart = laptop["mnist5k-codecs-rotate"]
    assert "paper's mean" in chart["svg"]
    means = [row for row in chart["paper"] if row["place"] is None]
    assert {row["model"]: row["distortion_se"] for row in means}["angle8/angle"] == 9.6
    assert all("generic angles" in row["note"] for row in means)


def test_plots_keep_the_columns_that_dvc_reads(laptop):
    for name in PLOTS:
        assert laptop[name]["csv"].splitlines()[0] == "model,severity,mean,low,high,n"


@pytest.mark.parametrize("name", ["ball", "rotate", "awgn", "against_rate", "on_disk", "as_files", "allocation"])
def test_a_figure_is_sound_svg_with_a_name_and_follows_the_ink_of_the_page(standard, name):
    svg = standard[f"mnist5k-codecs-{name}"]["svg"]
    root = ElementTree.fromstring(svg)
    assert root.attrib["aria-label"].endswith("mnist5k") and root.attrib["role"] == "img"
    assert "currentColor" in svg and "fill: #000000" not in svg and "stroke: #000000" not in svg


@pytest.fixture(scope="module")
def beside_formats() -> tuple[pd.DataFrame, dict]:
    frame = pd.concat([codec_records(LAPTOP), format_records()])
    return frame, charts(frame, KNOWN, [], LABELS)


@pytest.mark.parametrize(("name", "metric"), [("on_disk", "disk_bits"), ("as_files", "file_bits")])
def test_image_formats_stand_beside_the_codecs_at_the_bytes_they_take(beside_formats, name, metric):
    frame, found = beside_formats
    chart = found[f"mnist5k-codecs-{name}"]
    assert ">jpeg<" in chart["svg"] and ">webp<" in chart["svg"] and "beside image formats" in chart["title"]
    bits = frame[(frame.metric == metric) & (frame["shift"] == "clean")].groupby("model")["value"].mean()
    assert {row["model"]: row["place"] for row in chart["rows"]} == pytest.approx(bits.to_dict())
    assert not any("jpeg" in row["model"] for row in found["mnist5k-codecs-against_rate"]["rows"])


def test_without_image_formats_no_title_names_them(standard):
    shown = [standard[f"mnist5k-codecs-{name}"] for name in ("on_disk", "as_files")]
    assert not any("format" in chart["title"] + chart["svg"] for chart in shown)


def test_image_formats_do_not_take_the_room_of_codecs():
    frame = pd.concat([format_records(), codec_records(LAPTOP)])
    chart = charts(frame, KNOWN, ["mnist5k-codecs-noise"], LABELS | {"noise": LABELS["awgn"]})["mnist5k-codecs-noise"]
    assert {"jpeg/q10", "webp/q90"} <= {row["model"] for row in chart["rows"]}
    assert "jpeg" not in chart["svg"] and "nested64/nested20" in chart["svg"]
    assert [row["model"] for row in sizes_table(frame)][-6:] == [
        f"{k}/q{q}" for k in ("jpeg", "webp") for q in (10, 50, 90)
    ]
    assert sizes_table(frame)[-1] == {"model": "webp/q90", "bits": [None, 1800, 3800], "images": 1000}


def test_only_as_many_models_are_drawn_as_a_reader_can_tell_apart(standard):
    chart = standard["mnist5k-codecs-awgn"]
    assert "The first 8 of" in chart["note"] and len({row["model"] for row in chart["rows"]}) > 8
    ball = KNOWN[KNOWN["shift"] == "ball"]
    shown = shown_first(list(STANDARD_TIER), ball, 6)
    assert len(shown) == 6 and set(shown) <= set(ball.model)


@pytest.mark.parametrize(("figure", "room"), [("ball", 6), ("rotate", 8)])
def test_a_figure_without_room_for_all_codecs_says_so(standard, figure, room):
    (chart,) = [one for name, one in standard.items() if name.endswith(f"-{figure}")]
    models = {row["model"].removesuffix(", stronger attack") for row in chart["rows"]}
    assert (f"{room} of {len(models)} are drawn" in chart["note"]) == (len(models) > room)


def test_a_codec_looks_the_same_whatever_stands_beside_it():
    models = ["a/erm", "b/erm", "b/erm/prefix", "jpeg/q10", "webp/q90"]
    looks = codec_looks(models)
    assert looks["b/erm/prefix"] == looks["b/erm"] | {"linestyle": ":"} and looks["a/erm"] != looks["b/erm"]
    assert looks["jpeg/q10"]["color"] == looks["webp/q90"]["color"] != looks["a/erm"]["color"]
    assert codec_looks(models[:3])["b/erm"] == looks["b/erm"]
    many = [f"m{k:02}/erm" for k in range(40)]
    assert len({tuple(sorted(look.items())) for look in codec_looks(many).values()}) == 40


def test_the_split_table_puts_ours_beside_the_papers():
    rows = split_table(codec_records(LAPTOP), about(KNOWN, "mnist5k"))
    assert [(row["objective"], row["split"]) for row in rows] == [("nested20", "(6, 4)")]
    prefix, standard, whole = rows[0]["cells"]
    assert prefix["ours"].n == 3 and prefix["paper"] == 18.29 and whole["paper"] == 8.656
    assert standard["ours"] is None and standard["paper"] == 13.333
    assert split_table(codec_records({"fixed10/erm": LAPTOP["fixed10/erm"]}), KNOWN) == []


CLAIM = {
    "kind": "ratio", "above": None, "below": 1.0, "within": None, "mde": 1.08, "unit": "times", "sides": 1,
    "reported": {"value": 0.7, "text": "less", "known": "digitised"}, "condition": "radius 20", "parts": [],
}  # fmt: skip


def test_a_claim_is_put_in_words():
    part = CLAIM | {"name": "radius 20", "reported": {"value": 0.68, "text": "less", "known": "data"}}
    found = in_words(CLAIM | {"parts": [part]})
    assert (found["threshold"], found["detectable"], found["digits"]) == ("below 1", "8 %", 3)
    assert found["off"] is None and in_words(CLAIM | {"parts": [part], "effect": 1.02})["off"] == pytest.approx(1.5)
    assert in_words(CLAIM | {"parts": [part], "effect": 1.02, "kind": "difference"})["off"] == pytest.approx(0.34)
    assert found["paper_value"]["value"] == 0.68 and found["known"] == "digitised from their plot"
    assert in_words(CLAIM | {"sides": 2})["sided"] == "two-sided, level 0.05"
    points = in_words(
        CLAIM | {"kind": "difference", "below": None, "within": [-0.5, 0.5], "mde": 2.13, "unit": "points"}
    )
    assert (points["threshold"], points["detectable"], points["detectable_unit"]) == (
        "between −0.5 and 0.5",
        "2.1",
        "points",
    )
    assert in_words(CLAIM | {"below": None, "mde": None})["threshold"] == "none, only described"


@pytest.mark.parametrize(
    ("p", "text"), [(None, "= –"), (0.00001, "< 0.0001"), (0.0012, "= 0.0012"), (0.25, "= 0.250"), (1.0, "= 1.000")]
)
def test_a_p_value_is_never_zero(p, text):
    assert equals(chance(p)) == text
