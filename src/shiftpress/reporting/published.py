"""Numbers of the papers, to stand beside ours: ``report/reference/<paper>.csv``."""

import fnmatch
from pathlib import Path

import pandas as pd

SISTER = "robustnets2022.csv"
"""RobustNets 2022: another study of the authors' group, with the same methods. Never the paper's own table."""
POSTER = "atmc2019.csv"
"""Gui et al. 2019: their main figure and that of other attacks, digitised."""
COLUMNS = ["dataset", "model", "shift", "severity", "distortion_se", "known", "rate_bits", "note"]


def published(folder: Path) -> pd.DataFrame:
    """All tables about codecs of a folder. A row without severity is a mean that its note describes.

    ``known`` says how: read, data (their printed numbers), digitised from a plot, code, second-hand.
    """
    tables = [pd.read_csv(path) for path in sorted(folder.glob("*.csv"))]
    codecs = [table for table in tables if "distortion_se" in table]
    found = pd.concat(codecs) if codecs else pd.DataFrame(columns=COLUMNS)
    return found[COLUMNS].astype({"severity": float, "distortion_se": float, "rate_bits": float}).fillna({"note": ""})


def about(known: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """The published numbers on the images of a dataset entry."""
    return known[[fnmatch.fnmatchcase(dataset, pattern) for pattern in known.dataset]]


def shown_first(models: list[str], known: pd.DataFrame, count: int) -> list[str]:
    """The models a figure has room for: those the papers drew, then others of the same codecs, then by name."""
    drawn, codecs = set(known.model), {model.split("/")[0] for model in known.model}
    order = sorted(models, key=lambda model: (model not in drawn, model.split("/")[0] not in codecs, model))
    return sorted(order[:count])


def released(folder: Path) -> pd.DataFrame:
    """What is known of Diffenderfer et al. 2021's own numbers: accuracy in percent, each row with how it is known.

    A row without severity is a mean over severities.
    """
    path = folder / "cards2021.csv"
    columns = ["dataset", "model", "shift", "severity", "accuracy_percent", "known", "note"]
    return pd.read_csv(path).fillna({"note": ""}) if path.exists() else pd.DataFrame(columns=columns)


def headline(table: pd.DataFrame) -> list[dict[str, object]]:
    """A row per dataset and model of ``released``: accuracy on clean images and over the corruptions, in percent."""
    whole = table[(table["shift"] == "clean") | ((table["shift"] == "corruptions") & table.severity.isna())]
    rows = []
    for (dataset, model), found in whole.groupby(["dataset", "model"], sort=False):
        by_shift = found.set_index("shift").accuracy_percent.to_dict()
        source = found.iloc[0][["known", "note"]].to_dict()
        rows.append({"dataset": dataset, "model": model, **source, **by_shift})
    return rows


def sister_study(folder: Path, arch: str = "ResNet18") -> pd.DataFrame:
    """Robust accuracy less dense, in points, of one architecture of the sister study on CIFAR-10, global thresholds.

    Columns augmentation, pruner, level (percent), value, model, known and note; one network a row, without intervals.
    """
    columns = ["augmentation", "pruner", "level", "value", "model", "known", "note"]
    if not (folder / SISTER).exists():
        return pd.DataFrame(columns=columns)
    rows = pd.read_csv(folder / SISTER)
    rows = rows[(rows.arch == arch) & (rows.scope != "layerwise")]
    dense = rows[rows.pruner == "dense"].set_index("augmentation").corruptions_percent
    cards = rows[rows.pruner != "dense"]
    return cards.assign(
        level=cards.sparsity_percent.astype(float),
        value=cards.corruptions_percent - cards.augmentation.map(dense),
        model=f"{arch}/" + cards.augmentation + "/" + cards.pruner,
        known="data",
        note="one network, CIFAR-10",
    )[columns]


def poster(folder: Path) -> pd.DataFrame:
    """The points of Gui et al. 2019's poster, with the columns classifier, method, percent (size), value and origin.

    ``value`` is accuracy in percent, ``percent`` size by their formula as a share of the dense weights.
    """
    columns = ["dataset", "model", "size_paper", "shift", "severity", "accuracy_percent", "known", "note"]
    path = folder / POSTER
    rows = pd.read_csv(path).fillna({"note": ""}) if path.exists() else pd.DataFrame(columns=columns)
    parts = rows.model.str.split("/", expand=True).reindex(columns=range(2)).astype(object)
    origin = parts[0].astype(str) + " on " + rows.dataset.astype(str)
    return rows.assign(
        classifier=parts[0], method=parts[1], percent=100 * rows.size_paper, value=rows.accuracy_percent, origin=origin
    )


def poster_about(points: pd.DataFrame, dataset: str, classifier: str) -> pd.DataFrame:
    """The poster's points on the same images, or else those of the same network."""
    same = points[points.dataset == dataset]
    return same if len(same) else points[points.classifier == classifier]
