"""What the report says: the facts its templates render."""

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd

from shiftpress.core.provenance import digest_of
from shiftpress.core.statistics import MIN_SEEDS
from shiftpress.core.storage import read_artefact, read_facts, read_json
from shiftpress.reporting.aside import aside, at_once
from shiftpress.reporting.attack_tables import robust_table
from shiftpress.reporting.board import board, claim_files
from shiftpress.reporting.card_charts import card_charts
from shiftpress.reporting.charts import Labels, charts
from shiftpress.reporting.checklist import checklist
from shiftpress.reporting.compressed import compressed_chapters
from shiftpress.reporting.deck_attacks import attacked_decks
from shiftpress.reporting.deck_charts import deck_charts
from shiftpress.reporting.deck_tables import COLUMNS, HEADS, of_decks, regret_table
from shiftpress.reporting.examples import examples as examples_of
from shiftpress.reporting.images import contact_row
from shiftpress.reporting.origin import code_files, origin, packages
from shiftpress.reporting.published import about, headline, published, released, sister_study
from shiftpress.reporting.settings import settings
from shiftpress.reporting.spent import costs, jobs, more_seeds, phase_costs, phases_of
from shiftpress.reporting.splits import split_table
from shiftpress.reporting.tables import (
    AT,
    accuracy_table,
    displacement_table,
    distortion_table,
    diverged_table,
    sizes_table,
)
from shiftpress.reporting.workflow import edges, picture


def facts(
    *,
    scores: str,
    claims: str,
    examples: list[str],
    sheets: list[str],
    cards: dict[str, str],
    latencies: list[str],
    params: dict[str, Any],
    shifts: Labels,
    plots: list[str],
    blocks: list[str],
    timed: list[str],
    benchmarks: Path,
    static: Path,
    reference: Path,
    threads: int = 1,
) -> dict[str, Any]:
    """Everything the page shows, from the artefacts at these paths. With two threads a second process draws figures."""
    frame = pd.read_parquet(io.BytesIO(read_artefact(scores)))
    known, shifts = published(reference), _told_apart(shifts)
    sister, begun = sister_study(reference), aside if threads > 1 else at_once
    # about half of the work
    drawn = begun(lambda: charts(frame, known, plots, shifts) | card_charts(frame, sister))
    decks = deck_charts(frame)
    found = {
        "stylesheet": (static / "style.css").read_text(),
        "script": "\n".join(path.read_text() for path in sorted(static.glob("*.js"))),
        "tier": params["run"]["tier"],
        "seeds": params["run"]["seeds"],
        "min_seeds": MIN_SEEDS,
        "claims": board(read_json(claims), frame),
        "claim_files": claim_files(read_json(claims)),
        "shifts": shifts,
        "chapters": [
            _chapter(frame, known, name, path, params, shifts, examples, sheets)
            | compressed_chapters(frame, name, params, reference, latencies)
            for name, path in cards.items()
        ],
        "released": headline(released(reference)),
        "settings": settings(params),
        "params": json.dumps(params, indent=1),
        "records": len(frame),
        "diverged": diverged_table(frame),
        "scores_sha256": read_facts(scores)["sha256"],
        "claims_sha256": read_facts(claims)["sha256"],
        "code_sha256": digest_of(code_files()),
        "origin": origin(),
        "packages": packages(),
        **_spent(jobs(benchmarks, blocks, timed), Path(scores).parent, len(params["run"]["seeds"]), static),
    }
    figures = drawn() | decks
    for chapter in found["chapters"]:
        mine = (figure for figure in figures.values() if figure["dataset"] == chapter["dataset"])
        chapter["figures"] = [figure for figure in mine if figure["shown"]]
    found["plots"] = {plot: figures[plot]["csv"] for plot in plots}
    return found | {"checklist": checklist(found)}


def _spent(spent: pd.DataFrame, results: Path, seeds: int, static: Path) -> dict[str, Any]:
    """What the run cost, and the picture of its rules."""
    phases = phases_of(Path("workflow/rules"))
    rules = costs(spent, phases)
    return {
        "costs": rules,
        "phases": phase_costs(spent, phases, results),
        "more": more_seeds(spent, seeds),
        "workflow": picture(edges(static / "rules.csv"), rules, phases),
    }


def _chapter(
    frame: pd.DataFrame,
    known: pd.DataFrame,
    dataset: str,
    card: str,
    params: dict[str, Any],
    shifts: Labels,
    examples: list[str],
    sheets: list[str],
) -> dict[str, Any]:
    """What was found on one dataset, but for its figures."""
    here = frame[frame.dataset == dataset]
    there = set(here["shift"])
    names = [name for name in shifts if name in there]
    return {
        "dataset": dataset,
        "card": read_json(card),
        "names": names,
        "sheet": [contact_row(path) for path in sheets if Path(path).parent.name == dataset],
        "displacements": displacement_table(here, names),
        "codecs": {at: distortion_table(here, dataset, names, at) for at in AT},
        "cards": {at: accuracy_table(here, dataset, names, at=at) for at in AT},
        "decks": {at: accuracy_table(here, dataset, names, "decks", at=at) for at in AT},
        "attacks": robust_table(here[~here.phase.isin(["atmc", "decks", "edge"])]),
        "attacked_decks": attacked_decks(here),
        "regret": regret_table(of_decks(here)),
        "regret_columns": COLUMNS,
        "regret_heads": {name: {"title": HEADS.get(name, name)} for name in COLUMNS},
        "sizes": sizes_table(here),
        "splits": split_table(here, about(known, dataset)),
        "examples": examples_of(here, dataset, params, examples),
    }


def _told_apart(shifts: Labels) -> Labels:
    """Entries of one kind share a title; their names are added to it."""
    titles = [label["title"] for label in shifts.values()]
    twice = {title for title in titles if titles.count(title) > 1}
    return {
        name: label | ({"title": f"{label['title']} “{name}”"} if label["title"] in twice else {})
        for name, label in shifts.items()
    }
