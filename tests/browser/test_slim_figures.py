"""Figures of fewer elements look like those that matplotlib wrote."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from shiftpress.reporting import svg
from shiftpress.reporting.card_maps import BETTER, framed, square
from shiftpress.reporting.figures import against_severity, logarithmic
from shiftpress.reporting.style import new_figure, new_grid, to_svg

pytestmark = pytest.mark.browser


def curves() -> str:
    rows = [(m, s, seed, s * s + seed) for m in ("a/b", "c/d") for s in (0.0, 1.0, 2.0) for seed in range(3)]
    return against_severity(pd.DataFrame(rows, columns=["model", "severity", "seed", "value"]), "n", "x", "y", "t")[0]


def cut_off() -> str:
    """A line and a bar that leave the plot, on logarithmic axes."""
    figure, axes = new_figure()
    axes.errorbar([1, 10, 100], [1, 10, 1000], yerr=[0.5, 5, 900], marker="o", capsize=3, label="a")
    logarithmic(axes, "x", "y")
    axes.set(ylim=(2, 200), xlabel="bits", ylabel="error")
    return to_svg(figure, "n", "t")


def maps() -> str:
    figure, every = new_grid(2, 2)
    for place, axes in enumerate(every):
        for column in range(3):
            square(axes, column, place % 2, BETTER, (column + 1) / 4)
        axes.set_title(f"map {place}", fontsize=9)
        framed(axes, 3, 2)
    return to_svg(figure, "n", "t")


@pytest.mark.parametrize("draw", [curves, cut_off, maps])
def test_a_slim_figure_looks_as_matplotlib_wrote_it(browser, tmp_path, monkeypatch, draw):
    seen = []
    browser.window(500, 500)
    for name, change in (("slim", svg.slim), ("whole", lambda text: text)):
        monkeypatch.setattr(svg, "slim", change)
        text = draw()
        (tmp_path / f"{name}.html").write_text(f"<!doctype html><body>{text}")
        browser.open((tmp_path / f"{name}.html").as_uri())
        browser.picture(tmp_path / f"{name}.png")
        pixels = Image.open(io.BytesIO((tmp_path / f"{name}.png").read_bytes())).convert("L")
        seen.append((np.asarray(pixels, dtype=int), len(re.findall(r"<[a-z]", text))))
    (slim, few), (whole, many) = seen
    assert few < 0.8 * many and whole.std() > 10
    # where two faint lines cross, one path is painted once
    assert np.abs(slim - whole).mean() < 0.05 and (np.abs(slim - whole) > 32).mean() < 1e-4
