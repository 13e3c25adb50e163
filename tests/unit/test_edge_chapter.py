"""The chapter about networks for the edge shows the records' numbers, seed by seed, and that the protocol is ours."""

import html
import re
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from toy_edge_records import ATTACKS, CORRUPTIONS, DOMAINS, KINDS, RADII, SIZES, TRUTH, edge_records, latencies
from undrawn import undrawn

from shiftpress.core.statistics import estimate
from shiftpress.reporting.averages import ATTACK, CLEAN, CORRUPTED
from shiftpress.reporting.averages import DOMAINS as ELSEWHERE
from shiftpress.reporting.edge_chapter import edge_chapter
from shiftpress.reporting.edge_figures import looks_of
from shiftpress.reporting.edge_tables import order
from shiftpress.reporting.page import environment

ROOT = Path(__file__).parents[2]
RECORDS = edge_records()
GROUPS = {CLEAN: {"clean": (0.0,)}, CORRUPTED: CORRUPTIONS, ELSEWHERE: DOMAINS, ATTACK: {"worst_linf": RADII}}


def drawn(frame: pd.DataFrame = RECORDS, times: dict | None = None) -> dict:
    return edge_chapter(frame, "mnist5k", KINDS, latencies() if times is None else times)


def chapter(*about, **more) -> dict:
    """Without pictures."""
    with undrawn():
        return drawn(*about, **more)


@pytest.fixture(scope="module")
def found() -> dict:
    return drawn()


@pytest.fixture(scope="module")
def unattacked() -> dict:
    return chapter(edge_records(attacks=()))


@pytest.fixture(scope="module")
def text(found) -> str:
    return page_of(found)


def page_of(found: dict) -> str:
    whole = '{% import "macros.html.j2" as macros %}{% include "sections/edge.html.j2" %}'
    template = environment(ROOT / "report/templates").from_string(whole)
    return template.render(chapter={"dataset": "mnist5k", "edge": found}, min_seeds=3)


VALUES = RECORDS.set_index(["metric", "model", "shift", "severity", "seed"])["value"].to_dict()


def seeds_of(model: str, under: str, metric: str = "") -> list[float]:
    """In percent, seed by seed: every shift counts alike."""
    metric = metric or ("robust_accuracy" if under == ATTACK else "accuracy")
    found = []
    for seed in range(3):
        shifts = [
            sum(VALUES[metric, model, shift, severity, seed] for severity in severities) / len(severities)
            for shift, severities in GROUPS[under].items()
        ]
        found.append(100 * sum(shifts) / len(shifts))
    return found


def gaps_of(first: str, second: str, under: str) -> list[float]:
    return [a - b for a, b in zip(seeds_of(first, under), seeds_of(second, under), strict=True)]


def test_the_page_says_that_the_protocol_is_ours_and_where_its_choices_are(text):
    assert "Our protocol" in text and "only the abstract" in text and "docs/edge.md" in text
    assert (ROOT / "docs/edge.md").is_file()


def test_every_network_stands_in_the_table_of_its_size_beside_those_of_its_bits(found):
    assert [size["name"] for size in found["sizes"]] == list(SIZES), "small to large"
    for size in found["sizes"]:
        assert [group["ratio"] for group in size["groups"]] == [100, 25, 12.5, 6.25]
        assert sum(len(group["rows"]) for group in size["groups"]) == len(TRUTH)
        for group in size["groups"]:
            for row in group["rows"]:
                for under, cell in zip(GROUPS, row["cells"], strict=True):
                    wanted = estimate(seeds_of(row["model"], under))
                    assert vars(cell["found"]) == pytest.approx(vars(wanted)), (row["model"], under)
        at = {row["model"]: row["cells"] for row in size["groups"][1]["rows"]}
        assert at[f"{size['name']}/w8a8/25"][1]["stands"] == "best" != at[f"{size['name']}/prune/25"][1]["stands"]


def test_the_worst_of_all_attacks_is_the_one_that_is_shown(found):
    assert [column["title"] for column in found["columns"]] == [
        "clean images", "mean of 5 corruptions", "mean of 3 other domains", "worst attack (linf) 0.01, 0.02",
    ]  # fmt: skip
    single = chapter(RECORDS[RECORDS["shift"] != "worst_linf"])
    assert single["columns"][3]["title"] == "small 0.01, 0.02" and set(ATTACKS) == {"small", "worst_linf"}


@pytest.mark.parametrize("under", GROUPS)
def test_every_point_against_bytes_is_an_estimate_of_its_records(found, under):
    (figure,) = [figure for figure in found["figures"] if figure["name"] == f"mnist5k-edge-bytes_{under}"]
    assert len(figure["rows"]) == len(SIZES) * len(TRUTH)
    for row in figure["rows"]:
        wanted = estimate(seeds_of(row["model"], under))
        assert (row["mean"], row["low"], row["high"], row["n"]) == pytest.approx(tuple(vars(wanted).values()))
        size = sum(VALUES["disk_bytes", row["model"], "storage", 0.0, seed] for seed in range(3)) / 3
        assert row["place"] == pytest.approx(size / 1000, rel=1e-3)


@pytest.mark.parametrize("metric", ["excess_loss", "effective_robustness"])
def test_losses_are_means_over_sizes_of_those_in_the_records(found, metric):
    (figure,) = [figure for figure in found["figures"] if figure["name"] == f"mnist5k-edge-{metric}"]
    titles = {"corruptions": CORRUPTED, "other domains": ELSEWHERE, "under attack": ATTACK}
    assert len(figure["rows"]) == (len(TRUTH) - 1) * len(titles)
    for row in figure["rows"]:
        each = [seeds_of(f"{size}/{row['model']}", titles[row["place"]], metric) for size in SIZES]
        wanted = estimate([sum(own) / len(SIZES) for own in zip(*each, strict=True)])
        assert (row["mean"], row["low"]) == pytest.approx((wanted.mean, wanted.low)), row["model"]


def test_methods_are_compared_at_equal_bits_seed_by_seed(found):
    rows = {(row["first"], row["second"]): row for row in found["contrasts"]}
    assert set(rows) == {
        ("kd", "no_kd"), ("kd", "prune"), ("no_kd", "prune"), ("prune+kd", "prune"), ("w8a8", "kd"), ("w8a8", "prune"),
    }  # fmt: skip
    for (first, second), row in rows.items():
        assert row["at"] == "25 %"
        for under, cell in zip(GROUPS, row["cells"], strict=True):
            each = [gaps_of(f"{size}/{first}/25", f"{size}/{second}/25", under) for size in SIZES]
            wanted = estimate([sum(own) / len(SIZES) for own in zip(*each, strict=True)])
            assert vars(cell["found"]) == pytest.approx(vars(wanted))


def test_large_networks_made_small_stand_beside_small_ones_of_as_many_bits(found):
    pairs = [(row["first"], row["second"]) for row in found["large"]]
    assert pairs == [(f"edge_l/{name}/25", "edge_s/dense/100") for name in ("prune", "kd", "w8a8")]
    for row in found["large"]:
        gaps = gaps_of(row["first"], row["second"], ELSEWHERE)
        assert vars(row["cells"][2]["found"]) == pytest.approx(vars(estimate(gaps)))


def test_doses_are_what_rounding_costs(found):
    (figure,) = found["doses"]
    rows = {(row["model"], row["place"]): row["mean"] for row in figure["rows"]}
    titles = ("clean images", "corruptions", "other domains", "under attack")
    assert set(rows) == {(title, method) for title in titles for method in ("w8a8", "w4a4")}
    each = [gaps_of(f"{size}/dense/100", f"{size}/w4a4/12.5", CORRUPTED) for size in SIZES]
    assert rows["corruptions", "w4a4"] == pytest.approx(sum(map(sum, each)) / 9)
    assert chapter(RECORDS[~RECORDS.model.str.contains("/w4a4/")])["doses"] == []


def test_what_withstands_is_drawn_against_the_radius_beside_the_dense_networks(found):
    (figure,) = [figure for figure in found["figures"] if figure["name"] == "mnist5k-edge-radius"]
    assert figure["title"] == "Accuracy against the radius, worst attack (linf), mnist5k"
    rows = {(row["model"], row["place"]): row for row in figure["rows"]}
    assert set(rows) == {(name, radius) for name in TRUTH for radius in (0.0, *RADII)}
    for name, radius in rows:
        place = (ATTACKS[0], 0.0) if radius == 0 else ("worst_linf", radius)
        each = [
            [100 * VALUES["robust_accuracy", f"{size}/{name}", *place, seed] for size in SIZES] for seed in range(3)
        ]
        wanted = estimate([sum(own) / len(SIZES) for own in each])
        assert {key: rows[name, radius][key] for key in ("mean", "low", "high")} == pytest.approx(
            {"mean": wanted.mean, "low": wanted.low, "high": wanted.high}
        )
    labels = set(re.findall(r">([^<>]+)</text>", figure["svg"])) & {name.split("/")[0] for name in TRUTH}
    assert labels == {"dense", "prune", "kd", "no_kd", "prune+kd", "w8a8"}, "those of a quarter of the bits"
    assert "25 % of the bits" in figure["note"] and "6 of 9" in figure["note"]


def test_a_network_that_lacks_a_radius_has_no_curve(unattacked):
    gone = (RECORDS.model == "edge_s/kd/25") & (RECORDS["shift"] == "worst_linf") & (RECORDS.severity == RADII[0])
    (figure,) = [f for f in chapter(RECORDS[~gone])["figures"] if f["name"] == "mnist5k-edge-radius"]
    values = [
        sum(VALUES["robust_accuracy", f"{size}/kd/25", "worst_linf", RADII[1], seed] for size in list(SIZES)[1:]) / 2
        for seed in range(3)
    ]
    (row,) = [row for row in figure["rows"] if (row["model"], row["place"]) == ("kd/25", RADII[1])]
    assert row["mean"] == pytest.approx(100 * sum(values) / 3), "the mean of the sizes that have all"
    assert not [f for f in unattacked["figures"] if f["name"] == "mnist5k-edge-radius"]


def test_costs_are_bytes_agreement_and_times_beside_the_dense_network(found, text):
    rows = {row["model"]: row for row in found["costs"]["rows"]}
    assert len(rows) == len(SIZES) * len(TRUTH) and found["costs"]["batches"] == ["1", "32"]
    own = rows["edge_m/w8a8/25"]
    kilobytes, of_dense, agreement, accuracy, integer = own["cells"]
    size = [VALUES["disk_bytes", "edge_m/w8a8/25", "storage", 0.0, seed] for seed in range(3)]
    whole = [VALUES["disk_bytes", "edge_m/dense/100", "storage", 0.0, seed] for seed in range(3)]
    assert kilobytes.mean == pytest.approx(sum(size) / 3000)
    assert of_dense.mean == pytest.approx(100 * sum(a / b for a, b in zip(size, whole, strict=True)) / 3)
    assert agreement.mean == pytest.approx(100 * (0.998 + 1 + 1) / 3)
    assert accuracy.mean == pytest.approx(estimate(seeds_of("edge_m/w8a8/25", CLEAN)).mean)
    wanted = [VALUES["integer_accuracy", "edge_m/w8a8/25", "clean", 0.0, seed] for seed in range(3)]
    assert integer.mean == pytest.approx(100 * sum(wanted) / 3)
    assert rows["edge_m/w4a4/12.5"]["cells"][2:] == [None] * 3, "no kernels"
    assert own["times"][0] == pytest.approx({"ms": 0.3, "faster": 1 / 0.3})
    assert '0.300 <span class="pm">(3.3×)</span>' in text


def test_without_times_there_is_no_column_of_them():
    found = chapter(times={})
    assert found["costs"]["batches"] == [] and "Milliseconds" not in page_of(found)


def test_without_integers_there_is_no_column_of_them():
    found = chapter(RECORDS[~RECORDS.metric.str.startswith("integer_")])
    assert [head for head, _ in found["costs"]["heads"]] == ["file, kB", "of the dense net's file, %"]
    assert "None ran in whole numbers" in page_of(found)
    assert all(len(row["cells"]) == 2 for row in found["costs"]["rows"])


def test_without_attacks_the_page_says_so(unattacked):
    assert [column["under"] for column in unattacked["columns"]] == [CLEAN, CORRUPTED, ELSEWHERE]
    text = page_of(unattacked)
    assert "No attack was made" in text and "UNRELIABLE" not in text


def test_what_failed_a_gate_is_marked_wherever_it_counts():
    gate = RECORDS[
        (RECORDS.model == "edge_s/w8a8/25") & (RECORDS["shift"] == "worst_linf") & (RECORDS.severity == 0.01)
    ]
    gate = gate[gate.metric == "robust_accuracy"].assign(metric="unreliable/masking", value=1.0)
    found = chapter(pd.concat([RECORDS, gate]))
    (row,) = [r for r in found["sizes"][0]["groups"][1]["rows"] if r["model"] == "edge_s/w8a8/25"]
    assert [cell["failed"] for cell in row["cells"]] == ["", "", "", "masking"] and row["cells"][3]["stands"] == ""
    (contrast,) = [r for r in found["contrasts"] if (r["first"], r["second"]) == ("w8a8", "kd")]
    assert contrast["cells"][3]["failed"] == "masking" and contrast["cells"][0]["failed"] == ""
    assert page_of(found).count('<span class="verdict unreliable">UNRELIABLE</span>') >= 4


def test_methods_stand_in_the_order_of_the_reader_and_look_the_same_everywhere():
    names = ["prune+kd", "w4a4", "prune_l2", "no_kd", "w8a8", "dense", "kd", "tuned", "prune"]
    assert sorted(names, key=order) == [
        "dense", "tuned", "prune", "kd", "no_kd", "prune_l2", "w8a8", "w4a4", "prune+kd",
    ]  # fmt: skip
    assert looks_of(names)["kd"] == looks_of(["kd"])["kd"]
    looks = looks_of(names)
    assert len({tuple(sorted(look.items())) for look in looks.values()}) == len(looks)


def test_svgs_are_whole_say_what_they_show_fit_a_phone_and_repeat(found, text):
    again = drawn(RECORDS.sample(frac=1, random_state=1))
    for key in ("figures", "doses"):
        assert [figure["svg"] for figure in again[key]] == [figure["svg"] for figure in found[key]]
        for figure in found[key]:
            root = ElementTree.fromstring(figure["svg"])
            assert root.get("role") == "img" and root.get("aria-label") == figure["title"] != ""
            assert float(root.get("viewBox").split()[2]) <= 5.2 * 72
    assert text.count("<figure") == text.count('role="img"') == 4 + 1 + 2 + 1
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids)) and not re.search(r"\bnan\b|\bNone\b", text)


def test_every_number_of_the_tables_of_methods_is_that_of_the_records(text):
    tables = html.unescape(text).split('aria-label="Accuracy of methods by size')[1:]
    count = 0
    for table in tables:
        for row in re.findall(r"<tr>(.*?)</tr>", table.split("</table>")[0], re.S)[1:]:
            cells = [
                re.sub("<[^>]*>|≈", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
            ]
            for under, cell in zip(GROUPS, cells[1:], strict=True):
                assert cell.split(" ±")[0] == f"{estimate(seeds_of(cells[0], under)).mean:.1f}"
                count += 1
    assert count == len(SIZES) * len(TRUTH) * 4


def test_without_networks_there_is_no_chapter():
    assert edge_chapter(RECORDS, "fashion", KINDS, {}) == {}
