"""The Pareto plot of all papers' networks: accuracy against measured bytes."""

import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator
from scipy.special import expit, logit

from shiftpress.reporting.cross_tables import FRONT, NEAR, PAPERS, standing_out
from shiftpress.reporting.figures import key, legend, logarithmic
from shiftpress.reporting.style import INK, look_of, new_figure, to_svg
from shiftpress.reporting.tables import estimates

LOOKS = {phase: look_of(f"{place}", [*map(str, range(len(PAPERS)))]) for place, phase in enumerate(PAPERS)}
STEPS = (20, 10, 5, 2, 1, 0.5, 0.2, 0.1)
HIGH = (95, 98, 99, 99.9)
"""Ticks in percent are at multiples of the first step that has four, and at these."""
INSIDE = (0.1, 99.95)
"""Accuracies in percent that a logit axis has room for."""
MARGIN = 0.3
"""Logits above and below. Intervals of few seeds reach beyond what accuracies can be, and need no room."""
STYLES = {FRONT: (8, 1.0), NEAR: (5.5, 0.9), "": (4, 0.4)}
"""Size and opacity of a mark by its place."""


def pareto(scores: pd.DataFrame, name: str, title: str, ylabel: str) -> str | None:
    """One column of ``scored`` as SVG. Every mark's id says whose it is, so that a style sheet can take it away."""
    places = standing_out(scores)
    data = estimates(scores, ["phase", "model", "bytes"])
    if len(data) < 2:
        return None
    figure, axes = new_figure(height=4.4)
    shares = data[["mean", "low", "high"]].astype(float).clip(*INSIDE) / 100
    data = data.assign(kilobytes=data.bytes / 1000, **shares)
    data["place"] = [places.get(pair, "") for pair in zip(data.phase, data.model, strict=True)]
    names: dict[Line2D, list[str]] = {}
    for phase, paper in PAPERS.items():
        own = data[data.phase == phase]
        if own.empty:
            continue
        look = LOOKS[phase]
        there = own.dropna(subset=["low"])
        bars = {"color": look["color"], "linewidth": 0.8, "alpha": 0.35, "gid": f"of-{phase}-bars"}
        axes.vlines(there.kilobytes, there.low, there.high, **bars)
        for place, (size, alpha) in STYLES.items():
            marks = own[own.place == place]
            mark = {"linestyle": "none", "markersize": size, "alpha": alpha, "gid": f"of-{phase}-marks{place}"}
            names |= {axes.plot(marks.kilobytes, marks["mean"], **(look | mark))[0]: marks.model.tolist()}
        axes.plot([], [], linestyle="none", markersize=6, label=paper, **look)
    front = data[data.place == FRONT].sort_values("kilobytes")
    axes.step(front.kilobytes, front["mean"], where="post", color=INK, linewidth=1, linestyle="--", zorder=1)
    axes.set_yscale("logit")
    low, high = logit(data["mean"].min()) - MARGIN, logit(data["mean"].max()) + MARGIN
    axes.set_ylim(expit(low), expit(high))
    ticks = _ticks(100 * expit(low), 100 * expit(high))
    axes.set_yticks([tick / 100 for tick in ticks], [f"{tick:g}" for tick in ticks])
    axes.yaxis.set_minor_locator(NullLocator())
    logarithmic(axes, "x")
    axes.set_xlabel("size of the file, kB (1,000 bytes)")
    axes.set_ylabel(ylabel)
    legend(figure, axes, key("Pareto front", linestyle="--", linewidth=1))
    return to_svg(figure, name, title, names)


def _ticks(low: float, high: float) -> list[float]:
    """Between two percentages."""
    for step in STEPS:
        multiples = [round(step * count, 1) for count in range(int(low / step), int(high / step) + 2)]
        inside = [tick for tick in multiples if max(low, 1) <= tick <= min(high, 99.5)]
        if len(inside) >= 4:
            break
    return sorted({*inside, *(tick for tick in HIGH if low <= tick <= high)})
