"""The chapter about compressed networks shows the records' numbers, what failed a gate, and the poster's points."""

import html
import re
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from toy_compressed import AUTO, MORE, RADIUS, TRUTH, compressed_records
from undrawn import undrawn

from shiftpress.core.statistics import estimate
from shiftpress.reporting.atmc_audit import COLUMNS, SIZES
from shiftpress.reporting.atmc_chapter import atmc_chapter
from shiftpress.reporting.atmc_figures import looks_of, shown
from shiftpress.reporting.marks import best_of
from shiftpress.reporting.page import environment
from shiftpress.reporting.published import poster, poster_about
from shiftpress.reporting.tables import AVERAGED

ROOT = Path(__file__).parents[2]
POSTER = poster(ROOT / "report/reference")
RECORDS = compressed_records()
SHIFTS = {name: {"title": f"under {name}"} for name in ("fog", "clean", "contrast")}


def drawn(frame: pd.DataFrame = RECORDS, radius: float = RADIUS, dataset: str = "mnist5k") -> dict:
    return atmc_chapter(frame, POSTER, dataset, radius, ["fog", "clean", "contrast"])


def chapter(*about, **more) -> dict:
    """Without pictures."""
    with undrawn():
        return drawn(*about, **more)


def only(found: dict) -> dict:
    (net,) = found["classifiers"]
    return net


@pytest.fixture(scope="module")
def whole() -> dict:
    return drawn()


@pytest.fixture(scope="module")
def net(whole) -> dict:
    return only(whole)


def values(frame: pd.DataFrame, model: str, shift: str, severity: float, metric: str) -> list[float]:
    rows = frame[(frame.model == model) & (frame["shift"] == shift) & (frame.severity == severity)]
    found = rows[rows.metric == metric].sort_values("seed")["value"].tolist()
    assert found, (model, shift, severity, metric)
    return found


def page_of(found: dict) -> str:
    whole = '{% import "macros.html.j2" as macros %}{% include "sections/atmc.html.j2" %}'
    template = environment(ROOT / "report/templates").from_string(whole)
    return template.render(chapter={"dataset": "mnist5k", "atmc": found}, shifts=SHIFTS, min_seeds=3)


def words_in(text: str) -> list[list[str]]:
    """Cells of every row of every table, as a reader sees them."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", text, re.S)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows]
    return [[re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", cell)).strip() for cell in row] for row in cells]


def test_there_is_a_figure_for_clean_images_and_each_attack_by_every_size(net):
    assert list(net["figures"]) == list(SIZES)
    for size, charts in net["figures"].items():
        names = [chart["name"] for chart in charts]
        assert names == [f"mnist5k-atmc-{under}_{size}_lenet" for under in ("clean", "paper", "pgd")]
    assert net["left_out"] == ["No network was attacked with AutoAttack in this tier"]


def test_under_autoattack_there_is_a_figure_if_there_are_records():
    net = only(chapter(compressed_records(weaker=AUTO)))
    assert net["left_out"] == [] and "mnist5k-atmc-auto_size_disk_lenet" in [
        c["name"] for c in net["figures"]["size_disk"]
    ]


def test_an_attack_on_too_few_networks_has_a_column_and_no_figure():
    more = compressed_records(weaker=AUTO)
    more = more[(more["shift"] != "auto") | (more.model == "lenet/da")]
    net = only(chapter(more))
    assert net["left_out"] == ["Too few networks were attacked with AutoAttack in this tier"]
    assert [column["under"] for column in net["columns"]][-1] == "auto"
    assert "mnist5k-atmc-auto_size_disk_lenet" not in [chart["name"] for chart in net["figures"]["size_disk"]]
    assert net["groups"][0]["rows"][0]["cells"][-1]["found"].n == 3
    assert net["groups"][1]["rows"][0]["cells"][-1] == {"found": None, "failed": "", "stands": ""}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("place", "shift", "severity", "metric"), [
    (0, "clean", 0.0, "accuracy"), (1, "paper", RADIUS, "robust_accuracy"), (2, "pgd", RADIUS, "robust_accuracy"),
])  # fmt: skip
def test_every_point_of_a_figure_is_an_estimate_of_its_records(net, size, place, shift, severity, metric):
    rows = {row["model"]: row for row in net["figures"][size][place]["rows"]}
    assert len(rows) == 1 + 6 * 3
    for model, row in rows.items():
        wanted = estimate([100 * value for value in values(RECORDS, model, shift, severity, metric)])
        assert (row["mean"], row["low"], row["high"], row["n"]) == pytest.approx(tuple(vars(wanted).values()))
        sizes = values(RECORDS, model, "storage", 0.0, size)
        assert row["place"] == pytest.approx(100 * sum(sizes) / len(sizes), rel=1e-3)


def test_the_posters_points_stand_where_sizes_are_by_its_formula_and_under_its_attack(net):
    clean, paper, pgd = net["figures"]["size_paper"]
    marks = {(row["model"], round(row["place"], 9)): row["number"] for row in paper["paper"]}
    assert marks["lenet/atmc8", 1.015] == pytest.approx(72.8, abs=0.2) and marks["lenet/da", 100] == 78.39
    assert len(marks) == 5 * 8 + 4 + 1 == len(clean["paper"])
    assert pgd["paper"] == paper["paper"] and clean["paper"] != paper["paper"]
    assert "lenet on mnist" in paper["note"] and "0.298" in paper["note"] and "Ours are at radius 0.05" in paper["note"]
    assert "0.298" not in clean["note"]
    for size in ("size_indexed", "size_disk"):
        assert all(chart["paper"] == [] and "poster" not in chart["svg"] for chart in net["figures"][size])


def test_the_poster_is_asked_for_the_same_images_before_the_same_network():
    assert set(poster_about(POSTER, "mnist5k", "lenet").dataset) == {"mnist"}
    assert set(poster_about(POSTER, "cifar10", "resnet8").origin) == {"resnet34 on cifar10"}
    assert poster_about(POSTER, "kmnist", "convs").empty and poster(ROOT / "nowhere").empty
    assert not POSTER.duplicated(["dataset", "model", "percent", "shift", "severity"]).any()


def test_the_radius_nearest_to_that_of_training_is_shown():
    far = only(chapter(compressed_records(radii=(0.025, RADIUS)), radius=0.03))
    assert [column["radius"] for column in far["columns"]] == [0.0, 0.025, 0.025]


def test_tables_of_accuracy_have_every_network_and_mark_the_best_of_a_ratio(net):
    assert [group["ratio"] for group in net["groups"]] == [100, 20, 5, 1]
    rows = {row["model"]: row["cells"] for group in net["groups"] for row in group["rows"]}
    assert set(rows) == {f"lenet/{m}" + (f"/{r}" if r != 100 else "") for m, ratios in TRUTH.items() for r in ratios}
    assert [row["model"] for row in net["groups"][1]["rows"]][:3] == ["lenet/nap/20", "lenet/ap/20", "lenet/al0/20"]
    for model, cells in rows.items():
        wanted = [100 * value for value in values(RECORDS, model, "pgd", RADIUS, "robust_accuracy")]
        assert vars(cells[2]["found"]) == pytest.approx(vars(estimate(wanted)))
    assert rows["lenet/nap/20"][0]["stands"] == "best", "on clean images"
    assert {rows[f"lenet/{name}/5"][1]["stands"] for name in ("al0", "atmc32")} == {"best", "tied"}
    assert rows["lenet/nap/5"][1]["stands"] == rows["lenet/alr/5"][1]["stands"] == ""
    assert rows["lenet/da"][0]["stands"] == "", "alone, it is not the best of anything"


def test_a_flagged_network_is_marked_and_neither_the_best_nor_tied():
    flagged = {("lenet/atmc32/1", "pgd"): ["masking", "large"], ("lenet/al0/1", "pgd"): ["monotone"]}
    found = drawn(compressed_records(failed=flagged))
    rows = {row["model"]: row["cells"] for group in only(found)["groups"] for row in group["rows"]}
    assert rows["lenet/atmc32/1"][2] | {"found": 0} == {"found": 0, "failed": "large, masking", "stands": ""}
    assert rows["lenet/atmc8/1"][2]["stands"] == "best" and rows["lenet/atmc32/1"][1]["failed"] == ""
    assert only(found)["order"]["rows"][-1]["cells"][-1]["failed"] == "large, masking, monotone"
    assert all(cell["failed"] == "" for cell in only(found)["order"]["rows"][0]["cells"])
    gaps = {(row["first"], row["size"]): row["cells"] for row in only(found)["gaps"]}
    assert gaps["alr", "on disk"][2]["failed"] == "large, masking" and gaps["alr", "on disk"][1]["failed"] == ""
    clean, paper, pgd = only(found)["figures"]["size_disk"]
    assert "failed a gate" in pgd["svg"] and "failed a gate" not in paper["svg"] + clean["svg"]
    text = page_of(found)
    (twin,) = [row for row in words_in(text.split(f'id="figure-{pgd["name"]}"')[1].split("</figure>")[0])
               if row[0] == "lenet/al0/1"]  # fmt: skip
    assert "UNRELIABLE monotone" in twin[2]


def test_the_audit_has_every_share_of_the_records(net):
    rows = {row["model"]: dict(zip(COLUMNS, row["cells"], strict=True)) for g in net["audit"] for row in g["rows"]}
    for model, cells in rows.items():
        for metric in ("nonzero", "size_paper", "size_indexed", "size_disk"):
            wanted = [100 * value for value in values(RECORDS, model, "storage", 0.0, metric)]
            assert vars(cells[metric]) == pytest.approx(vars(estimate(wanted)))
        bytes_ = values(RECORDS, model, "storage", 0.0, "disk_bytes")
        whole = values(RECORDS, "lenet/da", "storage", 0.0, "disk_bytes")
        assert cells["kilobytes"].mean == pytest.approx(sum(bytes_) / 3000)
        assert cells["of_dense_file"].mean == pytest.approx(
            100 * sum(a / b for a, b in zip(bytes_, whole, strict=True)) / 3
        )
        assert (cells["codes"] is None) == ("atmc8" not in model), "codes are of what has codebooks"
        assert (cells["entries_beside"] is None) == ("atmc" not in model)
    assert rows["lenet/atmc8/5"]["codes"].mean == pytest.approx(5 * 8 / 32)


def test_what_eight_bits_save_stands_beside_the_poster(net):
    rows = {(row["method"], row["ratio"]): row for row in net["saved"]}
    assert set(rows) == {("atmc8", 20), ("atmc8", 5), ("atmc8", 1)}
    assert rows["atmc8", 1]["cells"][0].mean == pytest.approx(0.62)
    assert rows["atmc8", 1]["poster"] == pytest.approx(0.485, abs=1e-3)
    assert rows["atmc8", 20]["poster"] == pytest.approx(0.276, abs=1e-3)


def test_every_attack_at_every_radius_is_below_in_the_order_of_the_methods(whole):
    rows = [row["model"] for row in whole["attacks"]["rows"]]
    assert rows[:4] == ["lenet/da", "lenet/nap/20", "lenet/nap/5", "lenet/nap/1"] and rows[-1] == "lenet/atmc8/1"


def test_accuracy_under_shifts_is_folded_away_if_there_is_any(whole):
    clean = RECORDS[RECORDS["shift"] == "clean"]
    clean = clean[clean.metric == "accuracy"]
    found = chapter(pd.concat([RECORDS, clean.assign(shift="fog", severity=3.0, value=clean.value - 0.1)]))
    assert only(found) | {"figures": 0} == only(whole) | {"figures": 0}
    rows = {row["model"]: row["cells"] for row in found["shifted"][AVERAGED]}
    assert found["shifts"] == ["fog", "clean"] and list(rows)[0] == "lenet/da"
    assert rows["lenet/ap/5"][1].mean - rows["lenet/ap/5"][0].mean == pytest.approx(10)
    assert "under fog" in page_of(found) and "Accuracy under shifts" not in page_of(whole)


def test_gaps_at_equal_size_and_tau_are_those_of_the_records(net):
    gaps = {(row["first"], row["second"], row["size"]): row["cells"] for row in net["gaps"]}
    assert set(gaps) == {(first, "atmc32", words) for first in ("alr", "atmc8") for words in SIZES.values()}
    wanted = values(RECORDS, "lenet/alr~atmc32", "pgd", RADIUS, "robust_accuracy_at_size_disk")
    assert gaps["alr", "atmc32", "on disk"][2]["found"].mean == pytest.approx(100 * sum(wanted) / 3)
    wanted = values(RECORDS, "lenet/alr~atmc32", "clean", 0.0, "accuracy_at_size_paper")
    assert gaps["alr", "atmc32", "by the paper's formula"][0]["found"].mean == pytest.approx(100 * sum(wanted) / 3)
    assert [(c["attack"], c["strength"]) for c in net["order"]["columns"]] == [
        ("paper", 0.0), ("paper", 0.025), ("pgd", 0.025), ("pgd", RADIUS),
    ]  # fmt: skip
    for row in net["order"]["rows"]:
        wanted = values(RECORDS, f"lenet/order/{row['ratio']:g}", "pgd", RADIUS, "kendall_tau")
        assert row["cells"][-1]["found"].mean == pytest.approx(sum(wanted) / 3)


def test_the_best_is_told_from_the_others_seed_by_seed():
    table = pd.DataFrame({"a": [70.0, 80.0, 90.0], "b": [69.0, 79.1, 88.9], "c": [72.0, 60.0, 88.0]})
    assert best_of(table) == {"a": "best", "c": "tied"}
    assert best_of(table.iloc[:2]) == {"a": "best"}, "two seeds tell nothing"
    assert best_of(table[["a"]]) == {} and best_of(table.iloc[:, :0]) == {}
    assert best_of(table.assign(b=table.a)) == {"a": "best", "b": "best", "c": "tied"}


def test_a_method_looks_the_same_wherever_it_is_drawn():
    every = [*TRUTH, *MORE]
    looks = looks_of(every)
    assert looks["atmc8"] == looks_of(["atmc8"])["atmc8"] == looks_of(["atmc8", "another"])["atmc8"]
    assert len({tuple(sorted(look.items())) for look in looks.values()}) == len(looks) == len(every)
    assert shown(every) == ["nap", "ap", "al0", "alr", "atmc32", "atmc8", "atmc4", "atmc32_counted"]


def test_more_methods_than_a_figure_has_room_for_are_said_and_in_the_numbers():
    net = only(chapter(compressed_records(truth=TRUTH | MORE)))
    for chart in net["figures"]["size_indexed"]:
        assert "The first 8 of 11 methods" in chart["note"]
        assert {row["method"] for row in chart["rows"]} == set(TRUTH | MORE)
    assert {row["method"] for row in net["saved"]} == {"atmc8", "atmc4"}


def test_without_networks_there_is_no_chapter_and_without_ratios_no_figure():
    assert chapter(dataset="fashion") == {} and chapter(RECORDS[RECORDS.phase == "cards"]) == {}
    alone = chapter(RECORDS[RECORDS.model == "lenet/da"])
    assert only(alone)["figures"] == {size: [] for size in SIZES}
    assert "too few networks" in page_of(alone) and "fieldset" not in page_of(alone)


def test_without_attacks_accuracy_and_sizes_stand_alone():
    plain = RECORDS[RECORDS["shift"].isin(["clean", "storage"])]
    found = chapter(plain)
    assert len(only(found)["left_out"]) == 3
    text = page_of(found)
    assert text.count("so that figure is left out") == 3 and "Kendall" not in text and "Every attack" not in text


def test_svgs_are_whole_say_what_they_show_fit_a_phone_and_repeat(net):
    again = only(drawn(RECORDS.sample(frac=1, random_state=1)))
    for size in SIZES:
        assert [c["svg"] for c in again["figures"][size]] == [c["svg"] for c in net["figures"][size]]
        for chart in net["figures"][size]:
            root = ElementTree.fromstring(chart["svg"])
            assert root.get("role") == "img" and root.get("aria-label") == chart["title"] != ""
            assert float(root.get("viewBox").split()[2]) <= 5.2 * 72


def test_the_page_has_every_figure_with_its_numbers_and_a_switch_between_sizes(whole):
    text = page_of(whole)
    assert text.count("<figure") == text.count('role="img"') == 3 * 3
    assert text.count('type="radio"') == 3 and text.count(" checked>") == 1
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'for="([^"]+)"', text)) <= set(ids)
    assert text.count('<div class="figures">') == 3
    assert not re.search(r"\bnan\b|None", text)


def said(found: list[float], scale: float, digits: int) -> str:
    """The mean as a table has it."""
    return f"{scale * sum(found) / len(found):.{digits}f}".replace("-", "−")


def walked(table: str, wanted, digits: int) -> int:
    """How many cells of a table were compared with what ``wanted`` says of a row and a head: values and their scale."""
    heads, *rows = words_in(table)
    count = 0
    for row in rows:
        for head, cell in zip(heads[1 : len(row)], row[1:], strict=True):
            if (known := wanted(row, head)) is not None:
                assert cell.split(" ±")[0] == said(*known, digits), (row[0], head)
                count += 1
    return count


def test_every_number_of_the_tables_is_that_of_the_records(whole):
    tables = html.unescape(page_of(whole)).split("<table")
    tables = {words_in(table)[0][0] + f" {len(words_in(table)[0])}": table for table in tables[10:]}
    attacks = {"clean": ("clean", 0.0, "accuracy"), "the paper's attack 0.05": ("paper", RADIUS, "robust_accuracy")}
    attacks["PGD 0.05"] = ("pgd", RADIUS, "robust_accuracy")
    size = {words: metric for metric, words in SIZES.items()}
    count = len(RECORDS.model[RECORDS["shift"] == "clean"].unique()) - 2

    def of_accuracy(row, head):
        return (values(RECORDS, row[0], *attacks[head]), 100)

    def of_gaps(row, head):
        if head == "size":
            return None
        shift, severity, metric = attacks[head]
        model = f"lenet/{row[0].replace(' less ', '~')}"
        return (values(RECORDS, model, shift, severity, f"{metric}_at_{size[row[1]]}"), 100)

    def of_orders(row, head):
        shift, severity = ("paper", 0.0) if head == "no attack" else (head.split()[0], float(head.split()[1]))
        return (values(RECORDS, f"lenet/order/{row[0].removesuffix(' %')}", shift, severity, "kendall_tau"), 1)

    def of_sizes(row, head):
        metric = {words: name for name, (words, _) in COLUMNS.items()}[head]
        return (values(RECORDS, row[0], "storage", 0.0, metric), 100) if metric in (*SIZES, "nonzero") else None

    def of_attacks(row, head):
        return (values(RECORDS, row[0], head.split()[0], float(head.split()[1]), "robust_accuracy"), 100)

    assert count == 19
    assert walked(tables["model 4"].replace("≈", ""), of_accuracy, 1) == 3 * count
    assert walked(tables["methods 5"], of_gaps, 1) == 2 * 3 * 3
    assert walked(tables["ratio 5"], of_orders, 2) == 3 * 4
    assert walked(tables["model 10"], of_sizes, 2) == 4 * count
    assert walked(tables["model 7"], of_attacks, 1) == 6 * count
