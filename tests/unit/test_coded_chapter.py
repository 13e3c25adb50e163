"""Classifiers on coded images stand beside the rates of the codecs, as the records have them."""

import html
import re
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from toy_papers import ENTRIES, RATES, all_papers

from shiftpress.core.statistics import estimate
from shiftpress.reporting.coded_chapter import coded_chapter
from shiftpress.reporting.coded_tables import FORMATS, LEARNED, passes
from shiftpress.reporting.page import environment

ROOT = Path(__file__).parents[2]
RECORDS = all_papers()
SEEN = {"fixed10/erm": ("coded", 1.0), "factorized/erm": ("coded_more", 1.0), "webp/q1": ("recompressed", 99.0),
        "webp/q75": ("recompressed", 25.0)}  # fmt: skip
MODELS = ["convs/clean/dense", "convs/clean/biprop/95", "convs/clean/lrr/95"]


@pytest.fixture(scope="module")
def found() -> dict:
    return coded_chapter(RECORDS, "mnist5k", ENTRIES)


def page_of(found: dict) -> str:
    whole = '{% import "macros.html.j2" as macros %}{% include "sections/coded.html.j2" %}'
    template = environment(ROOT / "report/templates").from_string(whole)
    return template.render(chapter={"dataset": "mnist5k", "coded": found}, min_seeds=3)


def values(model: str, codec: str) -> list[float]:
    shift, severity = SEEN.get(codec, ("clean", 0.0))
    rows = RECORDS[(RECORDS.model == model) & (RECORDS["shift"] == shift) & (RECORDS.severity == severity)]
    return (100 * rows[rows.metric == "accuracy"].sort_values("seed")["value"]).tolist()


def test_a_rate_is_that_of_the_codec_that_coded_the_images():
    rate = (RECORDS.phase == "codecs") & (RECORDS.metric == "disk_bits") & (RECORDS.seed > 0)
    other = RECORDS.assign(value=RECORDS["value"].where(~rate, RECORDS["value"] + 100))
    pd.testing.assert_frame_equal(passes(other, ENTRIES), passes(RECORDS, ENTRIES))


def test_codecs_are_those_of_one_pass_whose_rate_is_measured(found):
    assert [(codec["codec"], codec["bits"]) for codec in found["codecs"]] == sorted(
        ((name, RATES[name]) for name in SEEN), key=lambda pair: pair[1]
    )
    table = passes(RECORDS, ENTRIES).set_index("codec")
    assert dict(table.kind) == {name: FORMATS if "webp" in name else LEARNED for name in SEEN}
    assert table.severity["webp/q75"] == 25, "a severity is 100 less the quality"


def test_the_dense_network_and_each_methods_most_compressed_one_are_there(found):
    (net,) = found["nets"]
    assert net["name"] == "convs/clean" and [row["model"] for row in net["rows"]] == MODELS
    for row in net["rows"]:
        for codec, cell in zip(["", *(codec["codec"] for codec in found["codecs"])], row["cells"], strict=True):
            assert vars(cell["found"]) == pytest.approx(vars(estimate(values(row["model"], codec))))
        assert [cell["stands"] for cell in row["cells"]].count("best") <= 5


def test_every_point_of_the_figure_is_an_estimate_of_its_records(found):
    (figure,) = found["nets"][0]["figures"]
    assert len(figure["rows"]) == len(MODELS) * 5
    for row in figure["rows"]:
        codec = row["place"].split(" ")[0] if row["place"] != "no codec" else ""
        assert row["mean"] == pytest.approx(estimate(values(row["model"], codec)).mean)
        assert not codec or row["place"] == f"{codec} {RATES[codec]:.1f}"
    root = ElementTree.fromstring(figure["svg"])
    assert root.get("role") == "img" and float(root.get("viewBox").split()[2]) <= 5.2 * 72
    again = coded_chapter(RECORDS.sample(frac=1, random_state=1), "mnist5k", ENTRIES)
    assert again["nets"][0]["figures"][0]["svg"] == figure["svg"]


def test_networks_of_other_phases_are_there_if_they_saw_a_codec():
    clean = RECORDS[(RECORDS.phase == "edge") & (RECORDS["shift"] == "clean") & (RECORDS.metric == "accuracy")]
    seen = clean.assign(shift="coded", severity=1.0, value=clean["value"] - 0.1)
    found = coded_chapter(pd.concat([RECORDS, seen]), "mnist5k", ENTRIES)
    assert [net["name"] for net in found["nets"]] == ["convs/clean", "edge_l", "edge_m", "edge_s"]
    rows = {row["model"]: row["cells"] for row in found["nets"][1]["rows"]}
    assert set(rows) >= {"edge_l/dense/100", "edge_l/prune/25", "edge_l/w4a4/12.5"}
    assert rows["edge_l/kd/25"][0]["found"].mean - rows["edge_l/kd/25"][1]["found"].mean == pytest.approx(10)
    assert rows["edge_l/kd/25"][2]["found"] is None and found["nets"][1]["figures"] == []


def test_the_page_has_every_number_and_says_if_one_codec_is_all_there_is(found):
    text = html.unescape(page_of(found))
    table = text.split('aria-label="Accuracy on coded images, ')[1].split("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.S)[1:]
    for row in rows:
        cells = [re.sub("<[^>]*>|≈", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)]
        for codec, cell in zip(["", *(codec["codec"] for codec in found["codecs"])], cells[1:], strict=True):
            assert cell.split(" ±")[0] == f"{estimate(values(cells[0], codec)).mean:.1f}"
    assert len(rows) == len(MODELS) and "one learned codec" not in text
    alone = coded_chapter(RECORDS[~RECORDS["shift"].isin(["coded_more", "recompressed"])], "mnist5k", ENTRIES)
    assert "went through one learned codec." in page_of(alone) and alone["nets"][0]["figures"] == []


def test_without_coded_images_or_rates_there_is_no_chapter():
    assert coded_chapter(RECORDS[RECORDS.phase != "codecs"], "mnist5k", ENTRIES) == {}
    assert coded_chapter(RECORDS, "mnist5k", {}) == {} and coded_chapter(RECORDS, "fashion", ENTRIES) == {}
