"""A report about made-up records of all four papers: every chapter, 5,000 records, 60 figures and 200 images."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.numpy import save
from toy_page import CLAIM, SHIFTS, made_page
from toy_papers import ENTRIES, all_papers
from toy_records import LAPTOP, codec_records, format_records

from shiftpress.core.storage import write_artefact

PAPERS = ("Lei 2021", "Diffenderfer 2021", "Gui 2019", "Shen 2024")
VERDICTS = ("SUPPORTED", "REFUTED", "INCONCLUSIVE", "UNRELIABLE", "NOT RUN")
IMAGES = 8
SIDE = 28


def whole_records() -> pd.DataFrame:
    """Of one dataset."""
    frame = pd.concat([all_papers(), codec_records(LAPTOP), format_records()], ignore_index=True)
    return frame.assign(dataset="toy").drop_duplicates(["phase", "model", "shift", "severity", "seed", "metric"])


def whole_claims() -> list[dict[str, Any]]:
    """Eleven of each paper; every verdict is among them."""
    found = []
    for number in range(44):
        verdict, effect = VERDICTS[number % 5], round(0.37 * number - 6, 2)
        ran = verdict != "NOT RUN"
        numbers = {"effect": effect, "interval": [effect - 1, effect + 1.5], "n": 3} if ran else {}
        row = CLAIM | {"id": f"T-{number}", "paper": PAPERS[number % 4], "verdict": verdict, **numbers}
        row |= (
            {}
            if ran
            else {
                "effect": None,
                "interval": None,
                "hierarchical": None,
                "images": None,
                "n": 0,
                "p": None,
                "p_exact": None,
                "p_holm": None,
            }
        )
        row |= {"statement": f"Statement {number} about networks and codecs.", "reason": "as made up"}
        part = {key: row[key] for key in CLAIM if key not in ("id", "paper", "tier", "statement", "place", "reason")}
        part |= {"name": "", "dataset": "toy", "model": "fixed10/erm", "note": False, "missing": [], "doubted": []}
        found.append(row | {"parts": [part, part | {"name": "harder", "note": True, "reported": None}]})
    return found


def whole_page(folder: Path) -> str:
    """The page, and its size in what the target counts is asserted here."""
    frame, rng = whole_records(), np.random.default_rng(0)
    shifts = {
        name: {"title": name.replace("_", " "), "unit": "", "fidelity": "exact"} for name in frame["shift"].unique()
    }
    places = frame[(frame.phase == "codecs") & (frame.metric == "distortion_se")][
        ["shift", "severity"]
    ].drop_duplicates()
    examples = []
    for model in LAPTOP:
        path = folder / "toy" / model / "seeds0-2.safetensors"
        # no two pixels alike, as bad as it gets for compression
        images = {
            f"{shift}/{severity:g}/{side}": rng.integers(0, 256, (IMAGES, 1, SIDE, SIDE), dtype=np.uint8)
            for shift, severity in places.itertuples(index=False)
            for side in ("input", "output")
        }
        write_artefact(path, save(images), "me")
        examples.append(str(path))
    curves = {
        f"toy-{phase}-{shift}"
        for (phase, shift), own in frame[frame.phase.isin(["codecs", "cards"])].groupby(["phase", "shift"])
        if own.severity.nunique() > 2 and shift in shifts and {"distortion_se", "accuracy"} & set(own.metric)
    }
    return made_page(
        folder,
        claims=whole_claims(),
        more=frame,
        shifts=SHIFTS | shifts,
        entries=ENTRIES,
        plots=sorted({"toy-codecs-turn", "toy-cards-turn"} | curves),
        examples=examples,
        pair=rng.integers(0, 256, (IMAGES, 1, SIDE, SIDE), dtype=np.uint8),
    )
