"""What a claim found, drawn: each comparison's effect with its interval, beside what is claimed and was reported."""

import html
from collections.abc import Callable
from typing import Any

from matplotlib.ticker import MaxNLocator

from shiftpress.reporting.style import COLOURS

WIDTH, HEAD, STEP, FOOT = 360, 6, 34, 22
"""Of the figure of a claim, in points: as wide as all figures, and what a row and the axis below take."""
SMALL, LOW = 150, 22
"""Width and height of a claim's mark in the list."""
EDGE = 8
REACH = 1.5
"""An interval may leave the plot; it is as wide as the effects, thresholds and reported values, this many times."""
LONGEST = 58
"""Letters that fit across."""
OURS = COLOURS[0]
Place = Callable[[float], float]


def forest(row: dict[str, Any]) -> str:
    """An SVG with a line per comparison in the claim's unit; empty without any effect."""
    parts = [part for part in row["parts"] or [row] if part["unit"] == row["unit"] and part["effect"] is not None]
    if not parts:
        return ""
    low, high = _span(parts)
    height = HEAD + STEP * len(parts) + FOOT
    place = _across(low, high, WIDTH)
    drawn = [_ticks(low, high, place, height - FOOT), *_axis(row, height)]
    for position, part in enumerate(parts):
        top = HEAD + STEP * position
        name = _name(part, row)
        drawn.append(_text(EDGE, top + 10.5, name, "start"))
        said = f"<title>{html.escape(_words(part, row))}</title>"
        drawn.append(f"<g>{said}{_marks(part, place, WIDTH, top + 14, STEP - 15)}</g>")
    title = f"Effects of claim {row['id']}: " + "; ".join(_words(part, row) for part in parts)
    look = 'font-family="DejaVu Sans, Verdana, sans-serif" font-size="10" fill="currentColor"'
    head = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
    return f'<svg {head} {look} role="img" aria-label="{html.escape(title)}">{"".join(drawn)}</svg>'


def mark(row: dict[str, Any]) -> str:
    """The claim's own effect without words, for the list; what it shows stands beside it."""
    if row["effect"] is None:
        return ""
    alone = row | {"reported": row.get("paper_value")}
    place = _across(*_span([alone]), SMALL)
    head = f'<svg class="mini" viewBox="0 0 {SMALL} {LOW}" preserveAspectRatio="xMinYMid" aria-hidden="true">'
    return head + _marks(alone, place, SMALL, 2, LOW - 4) + "</svg>"


def _span(parts: list[dict[str, Any]]) -> tuple[float, float]:
    """Of the axis: all effects, thresholds and reported values, and as much of the intervals as leaves them legible."""
    firm = [part["effect"] for part in parts]
    for part in parts:
        firm += [x for x in (part["above"], part["below"], *(part["within"] or ()), _value(part)) if x is not None]
    low, high = min(firm), max(firm)
    room = REACH * max(high - low, 0.02 * max(abs(low), abs(high)), 1e-9)
    ends = [end for part in parts if part["interval"] for end in part["interval"]]
    low, high = max(min([low, *ends]), low - room), min(max([high, *ends]), high + room)
    pad = 0.05 * max(high - low, 1e-9)
    return low - pad, high + pad


def _across(low: float, high: float, width: float) -> Place:
    return lambda value: EDGE + (width - 2 * EDGE) * (value - low) / (high - low)


def _marks(part: dict[str, Any], place: Place, width: float, top: float, height: float) -> str:
    """The claimed region, the interval, the effect, and what was reported."""
    middle = top + height / 2
    found = [_claimed(part, place, width, top, height)]
    if part["interval"]:
        left, right = (min(max(place(end), EDGE / 2), width - EDGE / 2) for end in part["interval"])
        found.append(_line(left, middle, right, middle, f'stroke="{OURS}" stroke-width="2.5"'))
        for end, value in zip((left, right), part["interval"], strict=True):
            if abs(end - place(value)) < 0.01:
                found.append(_line(end, middle - 4, end, middle + 4, f'stroke="{OURS}" stroke-width="1.5"'))
    if (said := _value(part)) is not None:
        x = place(said)
        diamond = f"M{x:.1f} {middle - 6:.1f}l5 6l-5 6l-5 -6z"
        found.append(f'<path d="{diamond}" fill="none" stroke="currentColor" stroke-width="1.5"/>')
    found.append(f'<circle cx="{place(part["effect"]):.1f}" cy="{middle:.1f}" r="4" fill="{OURS}"/>')
    return "".join(found)


def _claimed(part: dict[str, Any], place: Place, width: float, top: float, height: float) -> str:
    left, right = part["within"] or (part["above"], part["below"])
    if left is None and right is None:
        return ""
    start, end = (0 if left is None else place(left)), (width if right is None else place(right))
    box = f'x="{start:.1f}" y="{top:.1f}" width="{max(end - start, 1):.1f}" height="{height:.1f}"'
    edges = [place(side) for side in (left, right) if side is not None]
    look = 'stroke="currentColor" stroke-width="1" stroke-dasharray="3 2"'
    lines = [_line(x, top, x, top + height, look) for x in edges]
    return f'<rect {box} fill="currentColor" fill-opacity="0.09"/>' + "".join(lines)


def _axis(row: dict[str, Any], height: float) -> list[str]:
    return [_text(WIDTH - EDGE, height - 2, row["unit"], "end")]


def _ticks(low: float, high: float, place: Place, base: float) -> str:
    values = [value for value in MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high) if low <= value <= high]
    faint = 'stroke="#808080" stroke-opacity="0.3" stroke-width="0.8"'
    lines = [_line(place(value), HEAD, place(value), base, faint) for value in values]
    return "".join(
        [*lines, *(_text(place(value), base + 10, f"{value:g}".replace("-", "−"), "middle") for value in values)]
    )


def _line(x1: float, y1: float, x2: float, y2: float, look: str) -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" fill="none" {look}/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(words)}</text>'


def _value(part: dict[str, Any]) -> float | None:
    return part["reported"]["value"] if part["reported"] else None


def _name(part: dict[str, Any], row: dict[str, Any]) -> str:
    """What tells a comparison from the others of its claim."""
    parts = row["parts"] or [row]
    words = [part.get("name") or "the claim"]
    words += [part[key] for key in ("model", "dataset") if len({other.get(key) for other in parts}) > 1]
    said = ", ".join(filter(None, words)) + (" (note)" if part.get("note") else "")
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"


def _words(part: dict[str, Any], row: dict[str, Any]) -> str:
    ends = part["interval"]
    between = f", interval {ends[0]:.3g} to {ends[1]:.3g}" if ends else ""
    said = f", reported {_value(part):g}" if _value(part) is not None else ""
    return f"{_name(part, row)} {part['effect']:.3g}{between}{said}"
