"""Matplotlib's SVG made fit for the page: no style that a strict policy would refuse, no more digits than a screen."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FuncFormatter, NullFormatter

from shiftpress.reporting.slim import slim

POINTS_PER_INCH = 72
FONTS = "DejaVu Sans, Verdana, sans-serif"
"""What widths were measured in comes first."""
Names = Mapping[Line2D, Sequence[str]]


def tidied(text: str, name: str, title: str, marks: str) -> str:
    """An inline element: ids begin with the figure's name, attributes stand for styles, a title is for screen readers.

    Attributes need no exception in the Content-Security-Policy, and a downloaded file keeps its look. Coordinates are
    rounded to a hundredth of a point.
    """
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.S)
    # would hold for every SVG of the page; the root's attributes say the same
    text = re.sub(r"\s*<defs>\s*<style.*?</style>\s*</defs>", "", text, flags=re.S)
    # groups are named for those who edit the file, and but for marks of a phase by nobody on the page
    text = re.sub(r'<g id="(?!of-)[^"]*"', "<g", text)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    text = re.sub(r'xlink:href="#', f'xlink:href="#{name}-', text)
    text = re.sub(r' style="([^"]*)"', _attributes, text)
    text = re.sub(r' (?:d|x|y|width|height|points|transform|viewBox)="[^"]*"', _rounded, text)
    text = re.sub(r">\s+<", "><", re.sub(r"\n\s*", "\n", text))  # a browser keeps even the space between two elements
    head, rest = text.split(">", 1)
    head = re.sub(r' (width|height|version)="[^"]*"', "", head)
    look = f'font-family="{FONTS}" stroke-linejoin="round" stroke-linecap="butt"'
    named = f'{head} role="img" aria-label="{html.escape(title)}" {look} data-marks="{html.escape(marks)}"'
    return slim(f"{named}>{rest}")


def marks_of(figure: Figure, names: Names) -> str:
    """Where the labelled marks of a drawn figure are, as JSON, in units of its view box.

    A list per line: its label, the axes' labels, and for each mark x and y on the page, x and y in data, and its own
    name if ``names`` has one.
    """
    found = []
    for axes in figure.axes:
        for line, label in _lines(axes, names):
            points = [
                [*_page(axes, x, y), _short(axes.xaxis, x), _short(axes.yaxis, y), *own]
                for x, y, own in zip(line.get_xdata(), line.get_ydata(), _own(line, names), strict=True)
                if x == x and y == y
            ]
            if points:
                found.append([label, axes.get_xlabel(), axes.get_ylabel(), points])
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _lines(axes: Axes, names: Names) -> list[tuple[Line2D, str]]:
    bars = [(bar.lines[0], str(bar.get_label())) for bar in axes.containers if hasattr(bar, "lines")]
    return [
        (line, label if line in names or not label.startswith("_") else "")
        for line, label in [*((line, str(line.get_label())) for line in axes.lines), *bars]
        if line is not None and len(line.get_xdata()) and (line in names or not label.startswith("_"))
    ]


def _own(line: Line2D, names: Names) -> list[list[str]]:
    return [[name] for name in names[line]] if line in names else [[]] * len(line.get_xdata())


def _page(axes: Axes, x: float, y: float) -> list[float]:
    """Points from the left and from the top."""
    scale = POINTS_PER_INCH / axes.figure.dpi
    across, up = axes.transData.transform((float(x), float(y)))
    height = axes.figure.get_figheight() * POINTS_PER_INCH
    return [round(float(across) * scale, 1), round(float(height - up * scale), 1)]


def _short(axis: Any, value: float) -> str:
    """Four digits; nothing where the ticks are words."""
    words = isinstance(axis.get_major_formatter(), FixedFormatter | FuncFormatter | NullFormatter)
    return "" if words else f"{float(value):.4g}".replace("-", "−")


def _attributes(found: re.Match[str]) -> str:
    pairs = [pair.split(":", 1) for pair in found[1].split(";") if ":" in pair]
    said = {name.strip(): value.strip() for name, value in pairs}
    said.pop("font-family", None)
    return "".join(f' {name}="{value}"' for name, value in said.items())


def _rounded(found: re.Match[str]) -> str:
    shorter = re.sub(r"-?\d+\.\d{3,}(?:e-?\d+)?", lambda number: f"{float(number[0]):.2f}", found[0])
    return " " + re.sub(r"\s+(?=[A-Z\"])|\s+(?=z)", "", shorter[1:]) if shorter.startswith(' d="') else shorter
