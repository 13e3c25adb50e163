"""A page made from made-up artefacts: what tests of the report look at."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.numpy import save
from toy_compressed import RADIUS
from toy_edge_records import KINDS, latencies

from shiftpress.core.storage import write_artefact, write_json
from shiftpress.reporting.page import render
from shiftpress.reporting.report import facts

ROOT = Path(__file__).parents[1]
SHIFTS = {
    "clean": {"title": "clean", "unit": "", "fidelity": ""},
    "turn": {"title": "rotation", "unit": "degrees", "fidelity": "exact"},
}
CARD = {
    "title": "Toy", "origin": "made", "licence": "MIT", "citation": "none", "classes": ["a", "b"], "shape": [1, 4, 4],
    "images": {"train": 5, "val": 1, "test": 2}, "pixels_sha256": {"test": "ab" * 32},
}  # fmt: skip
CLAIM = {
    "id": "X-1", "paper": "Somebody 2020", "tier": "smoke", "statement": "It holds.", "place": "table 1",
    "verdict": "SUPPORTED", "reason": "every interval lies above", "effect": 1.25, "interval": [1.0, 1.5], "n": 3,
    "hierarchical": [0.75, 1.75], "images": 200, "mde_with_two_more": 0.375,
    "unit": "points", "above": 0.0, "below": None, "within": None, "test": "t", "kind": "difference", "sides": 1,
    "p": 0.004, "p_exact": 0.125, "p_holm": 0.008, "mde": 0.5, "family": "f", "condition": "",
    "reported": {"text": "+1", "known": "read", "value": 1.0}, "parts": [],
}  # fmt: skip
PARAMS = {
    "run": {"tier": "smoke", "seeds": [0, 1, 2]}, "fit": {"atmc": {"radii": {"toy": RADIUS}}},
    "shifts": {name: {"kind": kind} for name, kind in KINDS.items()},
}  # fmt: skip


def records() -> pd.DataFrame:
    rows = []
    for seed in range(3):
        for shift, severity in (("clean", 0.0), ("turn", -90.0), ("turn", 0.0), ("turn", 90.0)):
            cell = {
                "dataset": "toy",
                "shift": shift,
                "severity": severity,
                "seed": seed,
                "n": 2,
                "source": "regenerated",
            }
            cell["fingerprint"] = "f"
            value = 5 + seed + abs(severity) / 10
            codec = {"phase": "codecs", "model": "fixed/erm"}
            rows.append({**cell, **codec, "metric": "distortion_se", "value": value})
            rows.append({**cell, **codec, "metric": "rate_bits", "value": 35.85})
            rows.append({**cell, **codec, "metric": "disk_bits", "value": 36.35})
            rows.append({**cell, "phase": "shifts", "model": "images", "metric": "ssim", "value": 0.5})
            rows.append({**cell, "phase": "shifts", "model": "images", "metric": "displacement_se", "value": 1.0})
            rows.append({**cell, "phase": "shifts", "model": "images", "metric": "log_spectrum_db", "value": 2.0})
            rows.append({**cell, "phase": "cards", "model": "c/dense", "metric": "accuracy", "value": 0.9 - seed / 100})
    return pd.DataFrame(rows)


def page_facts(folder: Path, **changes: Any) -> dict[str, Any]:
    """What the page shows. Changes: threads, claims, card, shifts, more records, examples, a pair, entries, plots."""
    pair = changes.get("pair", np.arange(64, dtype=np.uint8).reshape(2, 1, 4, 8)[:, :, :, :4])
    example = folder / "toy" / "fixed" / "erm" / "seeds0-2.safetensors"
    write_artefact(example, save({"turn/-90/input": pair, "turn/-90/output": 255 - pair}), "me")
    sheet = folder / "toy" / "turn.sheet.safetensors"
    write_artefact(sheet, save({"-90": pair[0], "0": pair[0], "90": pair[0]}), "me")
    write_artefact(folder / "scores", pd.concat([records(), changes.get("more")]).to_parquet(), "me")
    write_json(folder / "claims", changes.get("claims", [CLAIM]), "me")
    write_json(folder / "card", changes.get("card", CARD), "me")
    write_json(folder / "toy" / "latency.json", latencies(), "me")
    entries = changes.get("entries")
    return facts(
        scores=str(folder / "scores"),
        claims=str(folder / "claims"),
        examples=[str(example), *changes.get("examples", [])],
        sheets=[str(sheet)],
        cards={"toy": str(folder / "card")},
        latencies=[str(folder / "toy" / "latency.json")],
        params=PARAMS | ({"shifts": entries} if entries else {}),
        shifts=changes.get("shifts", SHIFTS),
        plots=changes.get("plots", ["toy-codecs-turn", "toy-cards-turn"]),
        blocks=["0", "1"],
        timed=[_job(path.relative_to(folder / "benchmarks")) for path in (folder / "benchmarks").rglob("*.tsv")],
        benchmarks=folder / "benchmarks",
        static=ROOT / "report/static",
        reference=ROOT / "report/reference",
        threads=changes.get("threads", 1),
    )


def _job(file: Path) -> str:
    """What a study calls the job of a benchmark file."""
    return (file.parent if file.stem.startswith("seeds") else file.with_suffix("")).as_posix()


def made_page(folder: Path, **changes: Any) -> str:
    """The page of these facts."""
    return render(ROOT / "report/templates", **page_facts(folder, **changes))
