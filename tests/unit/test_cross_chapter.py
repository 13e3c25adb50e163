"""All papers' networks stand in one table: by measured bytes, in cells that all share, and as files to take away."""

import base64
import html
import io
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from toy_edge_records import KINDS
from toy_papers import SHARED, all_papers
from undrawn import undrawn

from shiftpress.core.statistics import estimate
from shiftpress.reporting.averages import Attack, common_attack, strongest
from shiftpress.reporting.cross_chapter import cross_chapter
from shiftpress.reporting.cross_tables import FRONT, NEAR, standing_out
from shiftpress.reporting.downloads import escaped
from shiftpress.reporting.page import environment

ROOT = Path(__file__).parents[2]
RECORDS = all_papers()


def drawn(frame: pd.DataFrame = RECORDS, dataset: str = "mnist5k") -> dict:
    return cross_chapter(frame, dataset, KINDS)


def chapter(*about) -> dict:
    """Without pictures."""
    with undrawn():
        return drawn(*about)


@pytest.fixture(scope="module")
def found() -> dict:
    return drawn()


@pytest.fixture(scope="module")
def text(found) -> str:
    return page_of(found)


def page_of(found: dict) -> str:
    whole = '{% import "macros.html.j2" as macros %}{% include "sections/cross.html.j2" %}'
    template = environment(ROOT / "report/templates").from_string(whole)
    return template.render(chapter={"dataset": "mnist5k", "cross": found}, min_seeds=3)


def mean_of(model: str, under: str) -> float:
    """In percent, the long way round: seeds of shifts of severities."""
    group = {"clean": ["clean"], "domains": ["to_uci", "negative", "patterned"]}.get(
        under, ["gaussian_noise", "defocus_blur", "fog", "contrast", "pixelate"]
    )
    rows = RECORDS[(RECORDS.model == model) & (RECORDS.metric == "accuracy") & RECORDS["shift"].isin(group)]
    rows = rows[[severity in SHARED[shift] for shift, severity in zip(rows["shift"], rows.severity, strict=True)]]
    return 100 * rows.groupby(["seed", "shift"])["value"].mean().groupby("seed").mean().mean()


def bytes_of(model: str) -> float:
    rows = RECORDS[(RECORDS.model == model) & (RECORDS["shift"] == "storage") & (RECORDS.metric == "disk_bytes")]
    return rows["value"].mean()


def test_every_papers_networks_are_there_by_rising_bytes(found):
    assert list(found["papers"]) == ["cards", "atmc", "edge", "decks"]
    assert [column["under"] for column in found["columns"]] == ["clean", "corruptions", "domains", "attack"]
    sizes = [row["bytes"] for row in found["rows"]]
    assert sizes == sorted(sizes) and len(found["rows"]) == 5 + 19 + 27 + 5
    assert not [row for row in found["rows"] if re.search("~|order|best", row["model"])]
    for row in found["rows"]:
        name = row["model"].split("/")[0] if row["phase"] == "decks" else row["model"]
        assert row["bytes"] == pytest.approx(bytes_of(name)), row["model"]


def test_means_are_over_the_cells_that_every_paper_has(found):
    assert found["cells"]["corruptions"] == [
        f"{name} 1, 3, 5" for name in ("contrast", "defocus_blur", "fog", "gaussian_noise", "pixelate")
    ]
    assert found["cells"]["domains"] == ["negative 0.25, 1", "patterned 0.25, 0.5, 1", "to_uci 1"]
    for row in found["rows"]:
        for place, under in enumerate(("clean", "corruptions", "domains")):
            if cell := row["cells"][place]["found"]:
                assert cell.mean == pytest.approx(mean_of(row["model"], under)), (row["model"], under)
                assert cell.n == 3


def test_what_lacks_a_cell_has_no_mean_of_others(found):
    less = RECORDS[(RECORDS.model != "edge_s/kd/25") | (RECORDS["shift"] != "fog") | (RECORDS.severity != 3)]
    (row,) = [r for r in chapter(less)["rows"] if r["model"] == "edge_s/kd/25"]
    assert row["cells"][1]["found"] is None and row["cells"][2]["found"] is not None
    decks = [row for row in found["rows"] if row["phase"] == "decks"]
    assert decks and all(row["cells"][2]["found"] is None for row in decks), "decks see no other domains"


def test_a_cell_that_one_paper_lacks_is_in_no_mean():
    less = RECORDS[(RECORDS.phase != "atmc") | (RECORDS["shift"] != "fog")]
    found = chapter(less)
    assert "fog 1, 3, 5" not in found["cells"]["corruptions"] and len(found["cells"]["corruptions"]) == 4
    assert found["columns"][1]["title"] == "4 corruptions"


def test_the_attack_is_the_one_that_most_papers_share(found):
    assert found["columns"][3]["title"] == "attack: pgd 0.02"
    (row,) = [row for row in found["rows"] if row["model"] == "lenet/ap/20"]
    rows = RECORDS[(RECORDS.model == "lenet/ap/20") & (RECORDS["shift"] == "pgd") & (RECORDS.severity == 0.02)]
    wanted = estimate((100 * rows[rows.metric == "robust_accuracy"].sort_values("seed")["value"]).tolist())
    assert vars(row["cells"][3]["found"]) == pytest.approx(vars(wanted))
    alone = RECORDS[RECORDS.phase != "edge"]
    assert common_attack(alone) == Attack() and common_attack(RECORDS) == Attack("pgd", (0.02,))
    assert [column["under"] for column in chapter(alone)["columns"]][-1] == "domains"
    assert strongest(RECORDS[RECORDS.phase == "edge"]) == Attack("pgd", (0.01, 0.02))


def test_what_failed_a_gate_is_marked_and_takes_no_part_in_the_front(found, text):
    (row,) = [row for row in found["rows"] if row["model"] == "lenet/al0/1"]
    assert row["cells"][3]["failed"] == "masking" and row["cells"][3]["place"] == ""
    assert text.count("UNRELIABLE</span>") == 1 and "masking" in text


def scores(**networks: tuple[float, list[float]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"phase": "cards", "model": model, "seed": seed, "bytes": size, "value": value, "failed": ""}
            for model, (size, values) in networks.items()
            for seed, value in enumerate(values)
        ]
    )


def test_the_front_is_what_nothing_dominates_and_near_it_what_nothing_surely_does():
    table = scores(
        small=(10, [90.0, 91.0, 92.0]), worse=(20, [50.0, 51.0, 52.0]), close=(20, [88.0, 92.0, 90.5]),
        large=(30, [95.0, 95.0, 95.0]), larger=(40, [94.0, 94.0, 94.0]), equal=(40, [95.0, 95.0, 95.0]),
    )  # fmt: skip
    places = {model: place for (_, model), place in standing_out(table).items()}
    assert places == {"small": FRONT, "worse": "", "close": NEAR, "large": FRONT, "larger": "", "equal": NEAR}
    few = standing_out(table[table.seed < 2])
    assert NEAR not in few.values() and few["cards", "small"] == FRONT


def test_the_front_of_the_table_is_that_of_its_numbers(found):
    for place in range(4):
        rows = [row for row in found["rows"] if row["cells"][place]["found"] and not row["cells"][place]["failed"]]
        for row in rows:
            mine = (row["bytes"], row["cells"][place]["found"].mean)
            better = [
                other for other in rows
                if other["bytes"] <= mine[0] and other["cells"][place]["found"].mean >= mine[1]
                and (other["bytes"], other["cells"][place]["found"].mean) != mine
            ]  # fmt: skip
            assert (row["cells"][place]["place"] == FRONT) == (not better)


def downloaded(found: dict, name: str) -> str:
    head, data = found[name].split(",", 1)
    assert head.startswith("data:text/csv" if name == "csv" else "data:application/x-tex") and head.endswith(";base64")
    return base64.b64decode(data).decode()


def test_the_csv_file_holds_every_number(found):
    table = pd.read_csv(io.StringIO(downloaded(found, "csv")))
    cells = [(row, place, cell) for row in found["rows"] for place, cell in enumerate(row["cells"]) if cell["found"]]
    assert len(table) == len(cells)
    by_name = table.set_index(["model", "under"])
    for row, place, cell in cells:
        own = by_name.loc[row["model"], found["columns"][place]["under"]]
        assert own.disk_bytes == pytest.approx(row["bytes"])
        assert (own.accuracy_percent, own.low, own.high) == pytest.approx(
            (cell["found"].mean, cell["found"].low, cell["found"].high)
        )


def test_the_latex_file_is_a_table_with_rules_whose_words_are_escaped(found):
    text = downloaded(found, "latex")
    assert text.count(r"\begin{longtable}") == text.count(r"\end{longtable}") == 1
    assert all(rule in text for rule in (r"\toprule", r"\midrule", r"\bottomrule"))
    lines = text.split("\\endfoot\n")[1].split("\\end{longtable}")[0].strip().split("\n")
    assert len(lines) == len(found["rows"])
    assert all(len(re.findall(r"(?<!\\)&", line)) == 6 and line.endswith(r"\\") for line in lines)
    assert "edge\\_s/kd/25" in text and not re.search(r"(?<!\\)_", text.split("\\endfoot")[1])
    assert escaped("a_b & 5% {x}~\\^#$") == (
        r"a\_b \& 5\% \{x\}\textasciitilde{}\textbackslash{}\textasciicircum{}\#\$"
    )


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="there is no LaTeX here")
def test_latex_sets_it_and_nothing_leaves_the_page(found, tmp_path):
    (tmp_path / "table.tex").write_text(downloaded(found, "latex"))
    packages = r"\usepackage[a4paper,margin=2cm]{geometry}\usepackage{booktabs,longtable}"
    (tmp_path / "main.tex").write_text(
        rf"\documentclass{{article}}{packages}\begin{{document}}\input{{table}}\end{{document}}"
    )
    for _ in range(2):  # the widths of a long table are known in the second run
        run = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "main.tex"]
        done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "main.pdf").is_file() and "Overfull" not in (tmp_path / "main.log").read_text()


def test_the_filters_hide_by_classes_that_marks_and_rows_have(found, text):
    sheet = (ROOT / "report/static/style.css").read_text()
    assert text.count('type="radio"') == 5 and text.count('type="checkbox"') == 4 and text.count(" checked>") == 5
    assert "<script" not in text and "onclick" not in text
    for under in ("clean", "corruptions", "domains", "attack"):
        assert f".cross > .by-{under}:checked ~ * .by:not(.by-{under})" in sheet
        assert f'class="by by-{under}"' in text and f'class="num by by-{under}"' in text
    for phase in found["papers"]:
        assert f".cross > .of-{phase}:not(:checked) ~ * tr.of-{phase}" in sheet
        assert f'.cross > .of-{phase}:not(:checked) ~ .plots [id*="-of-{phase}-"]' in sheet
        assert f'tr class="of-{phase}"' in text and f'id="mnist5k-cross-clean-of-{phase}-marks' in text
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids)) and set(re.findall(r'for="([^"]+)"', text)) <= set(ids)


def test_every_number_of_the_table_is_that_of_the_records(text):
    rows = re.findall(r'<tr class="of-[a-z]+">(.*?)</tr>', html.unescape(text), re.S)
    count = 0
    for row in rows:
        model, _, kilobytes, *cells = [
            re.sub("<[^>]*>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
        ]
        stored = model.removesuffix("/uniform")
        assert kilobytes == f"{bytes_of(stored) / 1000:.1f}"
        for under, cell in zip(("clean", "corruptions", "domains"), cells[:3], strict=True):
            if cell != "–":
                assert float(cell.split(" ±")[0]) == pytest.approx(mean_of(model, under), abs=0.0501)
                count += 1
    assert len(rows) == 56 and count == 3 * 51 + 2 * 5


def test_svgs_are_whole_say_what_they_show_fit_a_phone_and_repeat(found):
    again = drawn(RECORDS.sample(frac=1, random_state=1))
    assert [figure["svg"] for figure in again["figures"]] == [figure["svg"] for figure in found["figures"]]
    assert len(found["figures"]) == 4
    for figure in found["figures"]:
        root = ElementTree.fromstring(figure["svg"])
        assert root.get("role") == "img" and root.get("aria-label") == figure["title"] != ""
        assert float(root.get("viewBox").split()[2]) <= 5.2 * 72


def test_one_paper_alone_is_no_comparison():
    assert chapter(RECORDS[RECORDS.phase == "cards"]) == {}
    assert chapter(RECORDS[RECORDS.phase.isin(["cards", "decks"])]) == {}
    assert chapter(RECORDS, "fashion") == {}


def test_without_seeds_enough_there_are_no_intervals_and_nothing_is_near():
    found = chapter(RECORDS[RECORDS.seed < 2])
    assert all(cell["found"] is None or cell["found"].low is None for row in found["rows"] for cell in row["cells"])
    text = page_of(found)
    assert "≈</span>" not in text and not re.search(r"\bnan\b|None", text)
