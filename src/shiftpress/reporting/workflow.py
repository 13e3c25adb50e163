"""The pipeline as a picture: which rule reads what another writes, and what each took."""

import html
from pathlib import Path
from typing import Any

import pandas as pd

from shiftpress.reporting.style import COLOURS

COLUMN, ROW, BOX = 144, 30, (118, 22)
"""Distances of the columns and rows of boxes, and their size, in points."""
IDLE = "#808080"


def edges(path: Path) -> list[tuple[str, str]]:
    """Pairs of rules, the earlier first; a test compares the file with what Snakemake says."""
    return list(pd.read_csv(path).itertuples(index=False, name=None)) if path.exists() else []


def picture(arrows: list[tuple[str, str]], costs: list[dict[str, Any]], phases: dict[str, str]) -> str:
    """An SVG with a box per rule, from left to right as they must run. Rules that did not run here are grey."""
    if not arrows:
        return ""
    direct = [pair for pair in arrows if not _around(pair, arrows)]
    depth = _depths(arrows)
    order = sorted(depth, key=lambda rule: (depth[rule], phases.get(rule, ""), rule))
    rows = {depth[rule]: [other for other in order if depth[other] == depth[rule]] for rule in order}
    tallest = max(map(len, rows.values()))
    spent = {row["rule"]: row for row in costs}
    colours = {phase: COLOURS[i % len(COLOURS)] for i, phase in enumerate(sorted(set(phases.values())))}
    place = {
        rule: (column * COLUMN + 4, 4 + ROW * (own.index(rule) + (tallest - len(own)) / 2))
        for column, own in rows.items()
        for rule in own
    }
    width, height = COLUMN * (len(rows) - 1) + BOX[0] + 8, ROW * tallest + 4
    drawn = [_arrow(place[one], place[two]) for one, two in direct]
    drawn += [_box(rule, place[rule], spent.get(rule), colours.get(phases.get(rule, ""), IDLE)) for rule in order]
    title = f"{len(order)} rules of the pipeline and what each reads from others, from left to right"
    look = 'font-family="DejaVu Sans, Verdana, sans-serif" font-size="8.5" fill="currentColor"'
    head = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" {look}'
    return f'<svg {head} role="img" aria-label="{title}">{"".join(drawn)}</svg>'


def _depths(arrows: list[tuple[str, str]]) -> dict[str, int]:
    """How many rules stand before each at most."""
    rules = sorted({rule for pair in arrows for rule in pair})
    depth = dict.fromkeys(rules, 0)
    for _ in rules:
        for before, after in arrows:
            depth[after] = max(depth[after], depth[before] + 1)
    return depth


def _around(pair: tuple[str, str], arrows: list[tuple[str, str]]) -> bool:
    """Whether other arrows lead from the one to the other too."""
    seen, queue = set(), [after for before, after in arrows if before == pair[0] and after != pair[1]]
    while queue:
        rule = queue.pop()
        if rule not in seen:
            seen.add(rule)
            queue += [after for before, after in arrows if before == rule]
    return pair[1] in seen


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    left, right = (start[0] + BOX[0], start[1] + BOX[1] / 2), (end[0], end[1] + BOX[1] / 2)
    bend = (COLUMN - BOX[0]) * 0.8
    curve = f"M{left[0]:.1f} {left[1]:.1f}C{left[0] + bend:.1f} {left[1]:.1f} {right[0] - bend:.1f} {right[1]:.1f} "
    path = f"{curve}{right[0]:.1f} {right[1]:.1f}"
    return f'<path d="{path}" fill="none" stroke="{IDLE}" stroke-opacity="0.8" stroke-width="0.9"/>'


def _box(rule: str, corner: tuple[float, float], spent: dict[str, Any] | None, colour: str) -> str:
    x, y = corner
    colour, faint = (colour, "0.16") if spent else (IDLE, "0.05")
    size = f'x="{x:.1f}" y="{y:.1f}" width="{BOX[0]}" height="{BOX[1]}" rx="4"'
    words = f"{rule}, {spent['cpu']:.0f} s" if spent else rule
    said = (
        f"{spent['jobs']} jobs, {spent['cpu']:.1f} s of processor time" if spent else "did not run here, or not timed"
    )
    text = f'<text x="{x + BOX[0] / 2:.1f}" y="{y + 14:.1f}" text-anchor="middle">{html.escape(words)}</text>'
    box = f'<rect {size} fill="{colour}" fill-opacity="{faint}" stroke="{colour}"/>'
    return f"<g><title>{html.escape(rule)}: {said}</title>{box}{text}</g>"
