"""The table of decks under attack shows the records' numbers, route by route."""

from pathlib import Path

import pandas as pd
import pytest

from shiftpress.core.statistics import estimate
from shiftpress.reporting.attack_tables import robust_table
from shiftpress.reporting.deck_attacks import ALL, CLEAN, DECISIONS, MORE, OWN, SOFT, WHATEVER, attacked_decks
from shiftpress.reporting.page import environment

ROOT = Path(__file__).parents[2]
# by model: accuracy, and under attack by metric, of the first seed; others have a point more
ROUTED = {
    "robust_accuracy": 0.50,
    "robust_through/own": 0.58,
    "robust_through/soft_gate": 0.54,
    "robust_through/decisions": 0.56,
    "robust_beside/decisions": 0.40,
    "robust_beside/soft_gate": 0.48,
}
MODELS = {
    "pair33/uniform": {"robust_accuracy": 0.60},
    "pair33/spectral": ROUTED,
    "pair33/learned": ROUTED | {"robust_through/soft_gate": 0.59},
    "convs/augmix/lrr_once/95/0": {"robust_accuracy": 0.20},
}
FAILED = {"pair33/learned": "masking"}


def records(seeds: int = 3) -> pd.DataFrame:
    rows = []
    for seed in range(seeds):
        for model, metrics in MODELS.items():
            own = {"phase": "decks", "dataset": "toy", "model": model, "seed": seed, "n": 100}
            own |= {"source": "regenerated", "fingerprint": "f"}
            cells = [("deck_pgd", 0.0, "robust_accuracy", 0.95)]
            for name, value in metrics.items():
                # the soft gate of one deck differs by seed, so that its interval holds 0
                jitter = 0.03 * (seed - 1) if (model, name) == ("pair33/learned", "robust_through/soft_gate") else 0
                cells.append(("deck_pgd", 0.1, name, value + 0.01 * seed + jitter))
            cells += [("worst_linf", 0.1, "robust_accuracy", 0.1), ("clean", 0.0, "accuracy", 0.96)]
            cells += [("deck_pgd", 0.1, f"unreliable/{FAILED[model]}", 1.0)] if model in FAILED else []
            rows += [{**own, "shift": s, "severity": e, "metric": m, "value": v} for s, e, m, v in cells]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def rows() -> dict:
    return {row["model"]: row for row in attacked_decks(records())["rows"]}


def test_every_column_is_the_mean_of_its_records_over_seeds(rows):
    cells = rows["pair33/spectral"]["cells"]
    wanted = {CLEAN: 95, OWN: 59, SOFT: 55, DECISIONS: 57, ALL: 51, WHATEVER: 41, MORE: 4}
    assert {place: cells[place].mean for place in wanted} == pytest.approx(wanted)
    assert cells[ALL].half_width == pytest.approx(estimate([50.0, 51.0, 52.0]).half_width) and cells[ALL].n == 3
    assert cells[MORE].half_width == pytest.approx(0, abs=1e-9), "paired by seed"
    assert rows["pair33/spectral"]["beyond"].mean == pytest.approx(8)


def test_without_a_gate_that_decides_there_is_one_route(rows):
    for model, value in (("pair33/uniform", 61), ("convs/augmix/lrr_once/95/0", 21)):
        cells = rows[model]["cells"]
        assert cells[OWN].mean == cells[ALL].mean == pytest.approx(value)
        assert [cells[place] for place in (SOFT, DECISIONS, WHATEVER, MORE)] == [None] * 4


def test_what_failed_a_gate_is_named(rows):
    assert rows["pair33/learned"]["failed"] == "masking" and rows["pair33/spectral"]["failed"] == ""


def test_the_soft_gate_is_said_to_find_more_only_beyond_the_interval():
    more = attacked_decks(records())["more"]
    assert (more["of"], more["above"], more["below"]) == (2, 1, 0)
    assert more["most"]["model"] == "pair33/spectral" and more["most"]["cells"][MORE].mean == pytest.approx(4)
    assert more["together"]["beyond"].mean == pytest.approx(8)
    one = attacked_decks(records(1))["more"]
    assert (one["above"], one["below"]) == (0, 0), "one seed has no interval"


def test_nothing_attacked_makes_no_rows_and_attacks_on_others_stay_out():
    frame = records()
    assert attacked_decks(frame[frame.metric == "accuracy"])["rows"] == []
    assert attacked_decks(frame.assign(phase="cards"))["rows"] == []
    assert robust_table(frame[frame.phase != "decks"])["rows"] == []


def test_the_page_shows_the_rows_the_marks_and_the_sentence():
    whole = '{% import "macros.html.j2" as macros %}{% include "sections/attacked_decks.html.j2" %}'
    chapter = {"dataset": "toy", "attacked_decks": attacked_decks(records())}
    page = environment(ROOT / "report/templates").from_string(whole).render(chapter=chapter, min_seeds=3)
    spectral, learned = (
        page.split(f'<th scope="row">{name}')[1].split("</tr>")[0] for name in ("pair33/spectral", "pair33/learned")
    )
    assert "51.0" in spectral and "59.0" in spectral and "UNRELIABLE" not in spectral and "deck pgd 0.1" in spectral
    assert "UNRELIABLE" in learned and "masking" in learned and page.count("UNRELIABLE</span>") == 1
    assert "in 1 of 2 rows, and fewer in 0; the largest difference is 4.0 ± 0.0 points (pair33/spectral at 0.1)" in page
    assert "up to 8.0 ± 0.0 points more than own gradients" in page and "n = 3 seeds" in page
