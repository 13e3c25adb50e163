"""The figures about codecs, ours beside the published ones: in the ball, over the angle, against the rate."""

import re

import pandas as pd

from shiftpress.reporting.drawn import Drawn
from shiftpress.reporting.figures import HOLLOW, ROOM, curve, key, legend, logarithmic, marks, points
from shiftpress.reporting.published import shown_first
from shiftpress.reporting.style import codec_looks, new_figure, to_svg
from shiftpress.reporting.tables import estimates

RATES = {
    "rate_bits": "bits per image",
    "disk_bits": "bits per image, all in one stream",
    "file_bits": "bits per image, a file for each",
}
YLABEL = "squared error per image"
FIXED = re.compile(r"fixed\d+/")
SPLIT = re.compile(r"nested(\d)\d/[^/]+(/prefix)?$")


def worst_case(frame: pd.DataFrame, known: pd.DataFrame, name: str, title: str) -> Drawn | None:
    """Worst-case distortion against the radius of the ball, under the paper's attack and a stronger one."""
    paths = {shift: _path(frame, shift) for shift in ("ball", "ball_strong")}
    paper = known[known["shift"] == "ball"]
    if paths["ball"].empty:
        return None
    shown = _shown(paths["ball"], paper, 6)
    figure, axes = new_figure(height=4.2)
    looks = codec_looks(list(frame.model.unique()))
    for model in shown:
        look = looks[model]
        curve(axes, _of(paths["ball"], model), "severity", look, model)
        harder = _of(paths["ball_strong"], model)
        if len(harder) > 1:
            curve(axes, harder, "severity", look, "", linestyle=(0, (4, 2)), markersize=3)
        marks(axes, paper[paper.model == model], "severity", look)
    styles = [key("paper's attack", linestyle="-"), key("stronger attack", linestyle=(0, (4, 2)))]
    _finish(axes, "radius: mean squared displacement")
    legend(figure, axes, *styles[: 1 + (not paths["ball_strong"].empty)], *_paper_key(paper, shown))
    strong = paths["ball_strong"].assign(model=paths["ball_strong"].model + ", stronger attack")
    both = pd.concat([table for table in (paths["ball"], strong) if len(table)])
    note = "Solid: the paper's attack of 15 steps. Dashed: a stronger one, on fewer images. At 0 the images are clean."
    note = _crowded(len(shown), paths["ball"].model.nunique(), note)
    return Drawn(to_svg(figure, name, title), both, "severity", note, paper)


def over_angle(frame: pd.DataFrame, known: pd.DataFrame, name: str, title: str) -> Drawn | None:
    """Distortion against the angle of rotation, on a logarithmic scale."""
    data = estimates(frame[frame["shift"] == "rotate"], ["model", "severity"]).sort_values(["model", "severity"])
    data = data[data.groupby("model").severity.transform("nunique") > 1]
    if data.empty:
        return None
    paper = known[known["shift"] == "rotate"]
    shown = _shown(data, paper, ROOM)
    figure, axes = new_figure(height=4.2)
    looks = codec_looks(list(frame.model.unique()))
    for model in shown:
        look = looks[model]
        curve(axes, _of(data, model), "severity", look, model, markersize=3)
        theirs = paper[paper.model == model]
        marks(axes, theirs.dropna(subset="severity"), "severity", look)
        for mean in theirs[theirs.severity.isna()].distortion_se:
            axes.axhline(mean, color=look["color"], linestyle=":", linewidth=1.5)
    logarithmic(axes, "y")
    axes.set_xticks(range(-180, 181, 60))
    _finish(axes, "angle, degrees")
    dotted = [key("paper's mean", linestyle=":")] if _paper_key(paper, shown) else []
    legend(figure, axes, *_paper_key(paper, shown), *dotted)
    note = "Dotted: the paper's mean over angles at which nearest-neighbour rotation is jagged." if dotted else ""
    note = _crowded(len(shown), data.model.nunique(), note)
    return Drawn(to_svg(figure, name, title), data, "severity", note, paper)


def against_rate(
    frame: pd.DataFrame, known: pd.DataFrame, name: str, title: str, rate: str = "rate_bits"
) -> Drawn | None:
    """Clean distortion against the bits of an image, by likelihood or as written; a line joins one method's."""
    here = frame[(frame["shift"] == "clean")]
    bits = here[here.metric == rate].groupby("model")["value"].mean()
    data = estimates(here[(here.metric == "distortion_se") & here.model.isin(bits.index)], ["model"])
    data = data.assign(bits=data.model.map(bits).astype(float)).sort_values(["model", "bits"], ignore_index=True)
    if data.bits.nunique() < 2:
        return None
    paper = known[(known["shift"] == "clean") & (rate == "rate_bits")].rename(columns={"rate_bits": "bits"})
    figure, axes = new_figure(height=4.2)
    looks = codec_looks(list(frame.model.unique()))
    series = data.assign(series=data.model.map(_series)).groupby("series", sort=True)
    for method, rows in list(series)[: 2 * ROOM]:
        look = looks[rows.model.iloc[0]]
        points(axes, rows.sort_values("bits"), "bits", look, method)
        marks(axes, paper[paper.model.map(_series) == method], "bits", look)
    if data.bits.max() > 8 * data.bits.min():
        logarithmic(axes, "x", "y")
    _finish(axes, RATES[rate])
    legend(figure, axes, *_paper_key(paper, list(data.model)))
    note = _crowded(min(2 * ROOM, len(series)), len(series))
    return Drawn(to_svg(figure, name, title), data.drop(columns="bits").assign(bits=data.bits), "bits", note, paper)


def allocation(frame: pd.DataFrame, known: pd.DataFrame, name: str, title: str) -> Drawn | None:
    """Clean distortion of the nested codes against the latents in their prefix."""
    data = _split(estimates(frame[(frame["shift"] == "clean") & (frame.metric == "distortion_se")], ["model"]))
    if data.prefix.nunique() < 2:
        return None
    paper = _split(known[known["shift"] == "clean"])
    figure, axes = new_figure(height=4.2)
    looks = codec_looks(list(frame.model.unique()))
    for method, rows in data.groupby("method"):
        look = looks[rows.model.iloc[0]]
        points(axes, rows.sort_values("prefix"), "prefix", look, method)
        marks(axes, paper[paper.method == method], "prefix", look)
    logarithmic(axes, "y")
    _finish(axes, "latents in the prefix, of 10")
    legend(figure, axes, *_paper_key(paper, list(data.model)))
    return Drawn(to_svg(figure, name, title), data.drop(columns="method"), "prefix", "", paper)


def _path(frame: pd.DataFrame, shift: str) -> pd.DataFrame:
    """Distortion in a ball."""
    rows = frame[(frame.metric == "distortion_se") & (frame["shift"] == shift)]
    return estimates(rows, ["model", "severity"]).sort_values(["model", "severity"])


def _of(data: pd.DataFrame, model: str) -> pd.DataFrame:
    return data[data.model == model]


def _shown(data: pd.DataFrame, paper: pd.DataFrame, count: int) -> list[str]:
    """Full codes first: one that is cut short is for the tables, unless there is room."""
    full = [model for model in data.model.unique() if model.count("/") == 1]
    return shown_first(full or list(data.model.unique()), paper, count)


def _crowded(drawn: int, count: int, note: str = "") -> str:
    """The note, and beside it that some have no curve."""
    return f"{note} {drawn} of {count} are drawn; the numbers of all are below.".strip() if count > drawn else note


def _paper_key(paper: pd.DataFrame, shown: list[str]) -> list:
    return [key("paper's numbers", **HOLLOW)] if len(paper) and set(paper.model) & set(shown) else []


def _finish(axes, xlabel: str) -> None:
    axes.set_xlabel(xlabel)
    axes.set_ylabel(YLABEL)


def _series(model: str) -> str:
    """What a model is one rate of: a training objective over fixed rates, a nested code, an image format."""
    if FIXED.match(model):
        return FIXED.sub("fixed/", model)
    first, _, rest = model.partition("/")
    return first if re.fullmatch(r"q\d+", rest) else model.removesuffix("/prefix").removesuffix("/upright")


def _split(rows: pd.DataFrame) -> pd.DataFrame:
    """The nested codes among the rows, with the latents of their prefix and the method they are one split of."""
    found = rows[rows.model.map(lambda model: bool(SPLIT.match(model)))]
    prefix = found.model.map(lambda model: int(SPLIT.match(model)[1])).astype(float)
    return found.assign(prefix=prefix, method=found.model.str.replace(r"nested\d+", "nested", regex=True))
