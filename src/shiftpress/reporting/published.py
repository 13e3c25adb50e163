"""Numbers of the papers, to stand beside ours: ``report/reference/<paper>.csv``."""

import fnmatch
from pathlib import Path

import pandas as pd

COLUMNS = ["dataset", "model", "shift", "severity", "distortion_se", "known", "rate_bits", "note"]


def published(folder: Path) -> pd.DataFrame:
    """All tables of a folder. A row without severity is a mean that its note describes.

    ``known`` says how: read, data (their printed numbers), digitised from a plot, code, second-hand.
    """
    tables = [pd.read_csv(path) for path in sorted(folder.glob("*.csv"))]
    found = pd.concat(tables) if tables else pd.DataFrame(columns=COLUMNS)
    return found[COLUMNS].astype({"severity": float, "distortion_se": float, "rate_bits": float}).fillna({"note": ""})


def about(known: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """The published numbers on the images of a dataset entry."""
    return known[[fnmatch.fnmatchcase(dataset, pattern) for pattern in known.dataset]]


def shown_first(models: list[str], known: pd.DataFrame, count: int) -> list[str]:
    """The models a figure has room for: those the papers drew, then others of the same codecs, then by name."""
    drawn, codecs = set(known.model), {model.split("/")[0] for model in known.model}
    order = sorted(models, key=lambda model: (model not in drawn, model.split("/")[0] not in codecs, model))
    return sorted(order[:count])
