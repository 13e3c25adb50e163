"""What the report says: the facts its templates render."""

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd

from shiftpress.core.provenance import digest_of
from shiftpress.core.statistics import MIN_SEEDS
from shiftpress.core.storage import read_artefact, read_facts, read_json
from shiftpress.reporting.attack_tables import robust_table
from shiftpress.reporting.board import in_words
from shiftpress.reporting.card_charts import card_charts
from shiftpress.reporting.charts import Labels, charts
from shiftpress.reporting.compressed import compressed_chapters
from shiftpress.reporting.deck_attacks import attacked_decks
from shiftpress.reporting.deck_charts import deck_charts
from shiftpress.reporting.deck_tables import COLUMNS, HEADS, of_decks, regret_table
from shiftpress.reporting.images import contact_row, strips
from shiftpress.reporting.origin import code_files, costs, origin, packages
from shiftpress.reporting.published import about, headline, published, released, sister_study
from shiftpress.reporting.splits import split_table
from shiftpress.reporting.tables import accuracy_table, displacement_table, distortion_table, sizes_table


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
    benchmarks: Path,
    stylesheet: Path,
    reference: Path,
) -> dict[str, Any]:
    """Everything the page shows, from the artefacts at these paths."""
    frame = pd.read_parquet(io.BytesIO(read_artefact(scores)))
    known, shifts = published(reference), _told_apart(shifts)
    figures = charts(frame, known, plots, shifts) | card_charts(frame, sister_study(reference))
    figures |= deck_charts(frame)
    return {
        "stylesheet": stylesheet.read_text(),
        "tier": params["run"]["tier"],
        "seeds": params["run"]["seeds"],
        "min_seeds": MIN_SEEDS,
        "claims": [in_words(claim) for claim in read_json(claims)],
        "shifts": shifts,
        "chapters": [
            _chapter(frame, known, name, path, params, shifts, examples, sheets, figures)
            | compressed_chapters(frame, name, params, reference, latencies)
            for name, path in cards.items()
        ],
        "released": headline(released(reference)),
        "plots": {plot: figures[plot]["csv"] for plot in plots},
        "params": json.dumps(params, indent=1),
        "records": len(frame),
        "scores_sha256": read_facts(scores)["sha256"],
        "claims_sha256": read_facts(claims)["sha256"],
        "code_sha256": digest_of(code_files()),
        "origin": origin(),
        "packages": packages(),
        "costs": costs(benchmarks, blocks),
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
    figures: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    """What was found on one dataset."""
    here = frame[frame.dataset == dataset]
    names = [name for name in shifts if name in set(here["shift"])]
    return {
        "dataset": dataset,
        "card": read_json(card),
        "names": names,
        "sheet": [contact_row(path) for path in sheets if Path(path).parent.name == dataset],
        "displacements": displacement_table(here, names),
        "codecs": distortion_table(here, dataset, names),
        "cards": accuracy_table(here, dataset, names),
        "decks": accuracy_table(here, dataset, names, "decks"),
        "attacks": robust_table(here[~here.phase.isin(["atmc", "decks", "edge"])]),
        "attacked_decks": attacked_decks(here),
        "regret": regret_table(of_decks(here)),
        "regret_columns": COLUMNS,
        "regret_heads": {name: {"title": HEADS.get(name, name)} for name in COLUMNS},
        "sizes": sizes_table(here),
        "splits": split_table(here, about(known, dataset)),
        "figures": [figure for figure in figures.values() if figure["dataset"] == dataset and figure["shown"]],
        "strips": _examples(here, dataset, params, examples),
    }


def _told_apart(shifts: Labels) -> Labels:
    """Entries of one kind share a title; their names are added to it."""
    titles = [label["title"] for label in shifts.values()]
    twice = {title for title in titles if titles.count(title) > 1}
    return {
        name: label | ({"title": f"{label['title']} “{name}”"} if label["title"] in twice else {})
        for name, label in shifts.items()
    }


def _examples(frame: pd.DataFrame, dataset: str, params: dict[str, Any], files: list[str]) -> list[dict[str, Any]]:
    """Originals and reconstructions of each codec's first seed, under each shift's extreme and middle severities."""
    rows, found = frame[(frame.phase == "codecs") & (frame.metric == "distortion_se")], []
    first = min(params["run"]["seeds"])
    wanted = [pair for _, group in rows.groupby("shift", sort=False) for pair in _telling(group)]
    for model in rows.model.unique():
        for path in files:
            *_, data, codec, objective, name = Path(path).parts
            block = name.removeprefix("seeds").split(".")[0].split("-")
            if (data, f"{codec}/{objective}", block[0]) == (dataset, model, str(first)):
                found.append({"model": model, "seed": first, "strips": strips(path, wanted)})
    return found


def _telling(rows: pd.DataFrame) -> list[tuple[str, float]]:
    """The severities of a shift worth a picture: the clean one, or the mildest and the worst for the codec."""
    shift, means = rows["shift"].iloc[0], rows.groupby("severity")["value"].mean()
    severe = means.drop(0.0, errors="ignore")
    if severe.empty:
        return [(shift, 0.0)]
    return [(shift, s) for s in dict.fromkeys([severe.index[severe.index.to_series().abs().argmin()], severe.idxmax()])]
