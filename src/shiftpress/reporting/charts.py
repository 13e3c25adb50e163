"""Which figures a report has, each with the numbers it shows."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd

from shiftpress.reporting.codec_figures import against_rate, allocation, over_angle, worst_case
from shiftpress.reporting.drawn import Drawn
from shiftpress.reporting.figures import ROOM, against_severity
from shiftpress.reporting.published import about
from shiftpress.reporting.style import FORMATS, codec_looks, look_of

Labels = dict[str, dict[str, str]]
Chart = dict[str, Any]
Draw = Callable[..., Drawn | None]

AXES = {
    "codecs": ("distortion_se", 1.0, "squared error per image"),
    "cards": ("accuracy", 100.0, "accuracy, %"),
}
OWN: dict[str, tuple[Draw, str]] = {
    "ball": (worst_case, "Worst-case distortion of the codecs in the Wasserstein ball"),
    "rotate": (over_angle, "Distortion of the codecs against the angle of rotation"),
}
"""Shifts of codecs whose figure is more than a curve per model."""
INSIDE = {"ball_strong": "ball"}
"""Shifts that are drawn in the figure of another."""
MORE: dict[str, tuple[Draw, str]] = {
    "against_rate": (against_rate, "Clean distortion against rate"),
    "on_disk": (
        partial(against_rate, rate="disk_bits"),
        "Clean distortion against bytes on disk{beside}, headers counted once",
    ),
    "as_files": (
        partial(against_rate, rate="file_bits"),
        "Clean distortion against bytes on disk{beside}, a file for each image",
    ),
    "allocation": (allocation, "Clean distortion of the nested codes against the size of their prefix"),
}
"""Figures of codecs over no shift, drawn if there is something to compare."""


def charts(frame: pd.DataFrame, known: pd.DataFrame, plots: list[str], shifts: Labels) -> dict[str, Chart]:
    """Every figure by name: those of the plots, ``<dataset>-<phase>-<shift>``, and those over no shift."""
    parts, none = dict(list(frame.groupby(["dataset", "phase", "metric"], sort=False))), frame.iloc[:0]
    found = {}
    for name in plots:
        dataset, phase, _ = name.split("-")
        found[name] = _over_shift(parts.get((dataset, phase, AXES[phase][0]), none), known, name, shifts)
    codecs = frame[frame.phase == "codecs"]
    for dataset, here in codecs.groupby("dataset", sort=False):
        beside = (
            ", beside image formats" if any(model.split("/")[0] in FORMATS for model in here.model.unique()) else ""
        )
        for what, (draw, title) in MORE.items():
            name, title = f"{dataset}-codecs-{what}", f"{title.format(beside=beside)}, {dataset}"
            if drawn := draw(here, about(known, dataset), name, title):
                found[name] = chart(name, title, drawn)
    return found


def _over_shift(here: pd.DataFrame, known: pd.DataFrame, name: str, shifts: Labels) -> Chart:
    dataset, phase, shift = name.split("-")
    _, scale, ylabel = AXES[phase]
    if phase == "codecs" and shift in OWN:
        draw, words = OWN[shift]
        if drawn := draw(here, about(known, dataset), name, f"{words}, {dataset}"):
            return chart(name, f"{words}, {dataset}", drawn)
    xlabel = " ".join(filter(None, [shifts[shift]["title"], shifts[shift]["unit"] and f"({shifts[shift]['unit']})"]))
    title = f"{ylabel} of the {phase} against {xlabel}, {dataset}"
    rows, models = here[here["shift"] == shift], list(here.model.unique())
    looks = codec_looks(models) if phase == "codecs" else {model: look_of(model, models) for model in models}
    svg, data = against_severity(rows.assign(value=rows.value * scale), name, xlabel, ylabel, title, looks)
    inside = phase == "codecs" and INSIDE.get(shift) in shifts
    return chart(name, title, Drawn(svg, data, "severity", _crowded(data))) | {
        "shown": not inside,
        "folded": True,
        "short": shifts[shift]["title"],
    }


def _crowded(data: pd.DataFrame) -> str:
    count = int((data.groupby("model").size() > 1).sum())
    return f"The first {ROOM} of {count} models; the numbers of all are below." if count > ROOM else ""


def chart(name: str, title: str, drawn: Drawn) -> Chart:
    """What the page shows of a figure named ``<dataset>-<phase>-<what>``."""
    dataset, phase, _ = name.split("-")
    paper = pd.DataFrame()
    if len(drawn.paper):
        paper = drawn.paper.rename(columns={drawn.place: "place"}).assign(number=drawn.paper[drawn.measure])
    return {
        "name": name,
        "dataset": dataset,
        "phase": phase,
        "title": title,
        "svg": drawn.svg,
        "place": {"bits": "bits per image", "prefix": "prefix"}.get(drawn.place, drawn.place),
        "note": drawn.note,
        "theirs": drawn.theirs,
        "bands": drawn.bands,
        "rows": drawn.data.rename(columns={drawn.place: "place"}).to_dict("records"),
        "paper": paper.astype(object).where(paper.notna(), None).to_dict("records"),
        "csv": drawn.data.to_csv(index=False, lineterminator="\n"),
        "shown": True,
        "folded": False,
    }
