"""Every number in a table of the report is one of the records, or was made of them, and stands where it belongs."""

import random
import re
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from html_tables import Table, Tables
from scipy import stats
from toy_compressed import compressed_records
from toy_decks import deck_records
from toy_edge_records import edge_records
from toy_page import page_facts, records
from undrawn import undrawn
from whole_page import whole_claims

from shiftpress.reporting.page import render
from shiftpress.reporting.tables import AT

ROOT = Path(__file__).parents[2]
NUMBER = re.compile(r"[−-]?\d+(?:\.\d+)?(?:e[−-]?\d+)?")
PICTURES = ("svg", "csv", "plot", "mini")
MORE = [deck_records, compressed_records, edge_records]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[dict[str, Any], list[Table], pd.DataFrame]:
    """Facts, the tables of their page, and the records."""
    folder = tmp_path_factory.mktemp("page")
    job = folder / "benchmarks" / "train_codec" / "seeds0.tsv"
    job.parent.mkdir(parents=True)
    job.write_text("s\tmax_rss\tcpu_time\n1.5\t100\t1.25\n")
    more = pd.concat([make(dataset="toy") for make in MORE])
    with undrawn():  # numbers in pictures are those of the tables beside them
        facts = page_facts(folder, claims=whole_claims(), more=more)
    page = render(ROOT / "report/templates", **facts)
    return facts, Tables(page).found, pd.concat([records(), more])


def numbers_in(text: str) -> list[tuple[float, float]]:
    """Each number of a text, and half a unit of its last digit."""
    found = []
    for word in NUMBER.findall(text):
        word = word.replace("−", "-")
        decimals = len(word.partition(".")[2].split("e")[0])
        power = int(word.partition("e")[2] or 0)
        if abs(power) < 300:  # more is a part of a commit's name
            found.append((float(word), 0.5000001 * 10.0 ** (power - decimals)))
    return found


def values_in(thing: Any) -> list[float]:
    if isinstance(thing, bool) or thing is None:
        return []
    if isinstance(thing, int | float | np.number):
        return [float(thing)]
    if isinstance(thing, str):
        return [value for value, _ in numbers_in(thing)] if len(thing) < 40 else []
    if is_dataclass(thing):
        half = getattr(thing, "half_width", None)
        return values_in(asdict(thing)) + values_in(half)
    if isinstance(thing, dict):
        return [value for inside in thing.values() for value in values_in(inside)]
    return [value for inside in thing for value in values_in(inside)] if isinstance(thing, list | tuple) else []


def by_label(facts: dict[str, Any]) -> dict[str, np.ndarray]:
    """Numbers of every dictionary in the facts under every text in it that may stand at the head of a row."""
    found: dict[str, list[float]] = {}

    def walk(thing: Any, at: str = "") -> None:
        if isinstance(thing, dict):
            labels = {value for value in thing.values() if isinstance(value, str)}
            labels |= {f"{thing['first']} less {thing['second']}"} if "second" in thing else set()
            labels |= {f"{thing['ratio']:g} %"} if isinstance(thing.get("ratio"), float | int) else set()
            numbers = values_in(
                {key: value for key, value in thing.items() if key not in ("svg", "csv", "plot", "mini")}
            )
            for label in labels:
                found.setdefault(label + at, []).extend(numbers)
            for key, other in thing.items():
                walk(other, key if key in AT else at)
        for other in thing if isinstance(thing, list | tuple) else ():
            walk(other, at)

    walk(facts)
    # bytes are shown in thousands and millions
    large = {1e3: 100, 1e6: 10_000}
    return {
        label: np.array([*own, *(v / many for many, least in large.items() for v in own if v >= least)])
        for label, own in found.items()
    }


def astray(tables: list[Table], known: dict[str, np.ndarray]) -> tuple[list[tuple], int]:
    """Numbers that no dictionary about their row has, and how many were looked at."""
    lost, count = [], 0
    for table in tables:
        for row in table.rows[1:]:
            label = next((cell.text for cell in row if cell.head), "").removesuffix(" (note)")
            if table.claim:
                label = table.claim.removeprefix("claim-")
            near = known.get(label + table.at, known.get(label.rsplit(", ", 1)[0], np.array([])))
            for cell in row:
                if cell.number:
                    for value, half in numbers_in(cell.text):
                        count += 1
                        if not (np.abs(near - value) <= half).any():
                            lost.append((table.section, label, cell.text))
    return lost, count


def counts_of_verdicts(facts: dict[str, Any]) -> dict[str, np.ndarray]:
    """How many claims of a paper have a verdict, which the template counts."""
    claims = pd.DataFrame([{"paper": claim["paper"], "verdict": claim["verdict"]} for claim in facts["claims"]])
    return {paper: np.array([len(own), *own.verdict.value_counts()]) for paper, own in claims.groupby("paper")}


def test_every_number_is_in_the_facts_about_its_row(made):
    facts, tables, _ = made
    known = by_label(facts)
    for paper, counts in counts_of_verdicts(facts).items():
        known[paper] = np.append(known[paper], counts)
    lost, count = astray(tables, known)
    assert lost == [] and count > 3000


def test_a_wrong_number_is_noticed(made):
    facts, tables, _ = made
    known, draw = by_label(facts), random.Random(0)
    chapters = [table for table in tables if table.section.endswith("-toy")]
    cells = [(table.at, row, cell) for table in chapters for row in table.rows[1:] for cell in row if cell.number]
    noticed = 0
    for at, row, cell in draw.sample([place for place in cells if "." in place[2].text], 200):
        right = cell.text
        digit = next(place for place, letter in enumerate(right) if letter.isdigit())
        cell.text = right[:digit] + str((int(right[digit]) + 3) % 10) + right[digit + 1 :]
        noticed += bool(astray([Table("x-toy", "", [[], row], at)], known)[0])
        cell.text = right
    assert noticed >= 170


def from_records(rows: pd.DataFrame) -> tuple[float, float, int]:
    """Mean over seeds of the means over severities but 0, half of the t interval, and the number of seeds."""
    severe = rows[rows.severity != 0] if (rows.severity != 0).any() else rows
    seeds = [own["value"].mean() for _, own in severe.groupby("seed")]
    half = stats.t.ppf(0.975, len(seeds) - 1) * np.std(seeds, ddof=1) / len(seeds) ** 0.5
    return float(np.mean(seeds)), float(half), len(seeds)


@pytest.mark.parametrize(("phase", "metric", "scale"), [("codecs", "distortion_se", 1), ("cards", "accuracy", 100)])
def test_means_of_models_under_shifts_are_made_of_the_records(made, phase, metric, scale):
    _, tables, frame = made
    table = next(t for t in tables if t.section == f"{phase}-toy" and t.heads[0] == "model")
    own = frame[(frame.phase == phase) & (frame.metric == metric)].assign(value=lambda rows: scale * rows["value"])
    titles, looked = {"clean": "clean", "rotation": "turn"}, 0
    for row in table.rows[1:]:
        for title, cell in zip(table.heads[1:], row[1:], strict=True):
            rows = own[(own.model == row[0].text) & (own["shift"] == titles[title])]
            if len(rows):
                mean, half, _ = from_records(rows)
                assert [value for value, _ in numbers_in(cell.text)] == pytest.approx([mean, half], abs=0.005001)
                looked += 1
            else:
                assert cell.text == "–"
    assert looked >= 2


def test_the_table_beside_a_figure_is_made_of_the_records(made):
    _, tables, frame = made
    own = frame[(frame.phase == "codecs") & (frame["shift"] == "turn") & (frame.metric == "distortion_se")]
    found = [
        t for t in tables if t.section == "codecs-toy" and t.heads == ["model", "severity", "mean", "interval", "n"]
    ]
    assert found
    for model, place, mean, interval, n in (row for table in found for row in table.rows[1:]):
        ((severity, _),) = numbers_in(place.text)
        rows = own[(own.model == model.text) & (own.severity == severity)].assign(severity=1.0)
        middle, half, seeds = from_records(rows)
        assert numbers_in(mean.text)[0][0] == pytest.approx(middle, abs=0.005001) and n.text == str(seeds)
        ends = [value for value, _ in numbers_in(interval.text)]
        assert ends == pytest.approx([middle - half, middle + half], abs=0.005001)


def test_every_claim_is_on_the_board_with_its_own_numbers(made):
    facts, tables, _ = made
    board = next(table for table in tables if table.heads[:3] == ["claim", "paper", "verdict"])
    rows = {row[0].text: [cell.text for cell in row] for row in board.rows[1:]}
    claims = {claim["id"]: claim for claim in whole_claims()}
    assert set(rows) == set(claims) == {claim["id"] for claim in facts["claims"]}
    for name, claim in claims.items():
        assert rows[name][1:3] == [claim["paper"], claim["verdict"]]
        if claim["effect"] is None:
            assert rows[name][3] == "–"
        else:
            assert numbers_in(rows[name][3])[0][0] == pytest.approx(claim["effect"], abs=0.005001)
            assert rows[name][5] == str(claim["n"])
