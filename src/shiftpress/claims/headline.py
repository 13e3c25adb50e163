"""What pages in Markdown say of the verdicts of a run: by paper, and claim by claim."""

import math
from typing import Any

from shiftpress.claims.comparison import MULTIPLICATIVE
from shiftpress.claims.results import INCONCLUSIVE, NOT_RUN, REFUTED, SUPPORTED, UNRELIABLE

KINDS = (SUPPORTED, REFUTED, INCONCLUSIVE, UNRELIABLE, NOT_RUN)
COUNTED = ("memory", "accounting", "lemma")
"""Families whose claims follow from sizes and definitions: no network's learning decides them."""
TELLING = 3
"""Effects shown for each paper."""
RULE = (
    f"The {TELLING} most telling effects of a paper are those of its decided claims that lie farthest from the claim's "
    "threshold, in half-widths of their 95 % interval (of logarithms for factors); claims on "
    f"{', '.join(COUNTED[:-1])} and the {COUNTED[-1]} are left out. Where a claim has several conditions, the "
    "effect is that of the one with the weakest evidence for it."
)


def headline(rows: list[dict[str, Any]]) -> str:
    """A table with a line for each paper."""
    kinds = [kind for kind in KINDS if kind != UNRELIABLE or any(row["verdict"] == kind for row in rows)]
    lines = [
        f"| paper | {' | '.join(kind.lower() for kind in kinds)} | seeds | most telling effects |",
        f"| --- |{' ---: |' * (len(kinds) + 1)} --- |",
    ]
    for paper in dict.fromkeys(row["paper"] for row in rows):
        own = [row for row in rows if row["paper"] == paper]
        counts = [str(sum(row["verdict"] == kind for row in own)) for kind in kinds]
        told = "<br>".join(
            f"**{row['id']}** *{row['statement']}* {row['verdict'].capitalize()}; {found(row)}." for row in telling(own)
        )
        lines.append(f"| {paper} | {' | '.join(counts)} | {_seeds(own)} | {told} |")
    return "\n".join([*lines, "", RULE])


def every(rows: list[dict[str, Any]]) -> str:
    """A table with a line for each claim."""
    lines = ["| claim | verdict | what was found, or who would | statement |", "| --- | --- | --- | --- |"]
    for row in rows:
        what = row["reason"].rpartition("; ")[2] if row["verdict"] == NOT_RUN else found(row)
        late = ", changed after its records" if (row["registered"] or {}).get("late") else ""
        lines.append(f"| {row['id']} | {row['verdict']}{late} | {what} | {row['statement']} |")
    return "\n".join(lines)


def telling(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a paper whose effects are the clearest, as ``RULE`` says; the earlier first among equals."""
    decided = [row for row in rows if row["verdict"] in (SUPPORTED, REFUTED) and row["family"] not in COUNTED]
    seen = [row for row in decided if clearness(row) is not None]
    return sorted(seen, key=clearness, reverse=True)[:TELLING]


def clearness(row: dict[str, Any]) -> float | None:
    """How many half-widths of its interval an effect is from its nearest threshold; none if it has no width."""
    scale = math.log if row["kind"] in MULTIPLICATIVE else float
    if row["interval"] is None or row["interval"][0] == row["interval"][1]:
        return None
    edges = [scale(edge) for edge in (row["above"], row["below"], *(row["within"] or ())) if edge is not None]
    half = (scale(row["interval"][1]) - scale(row["interval"][0])) / 2
    return min(abs(scale(row["effect"]) - edge) for edge in edges) / half


def found(row: dict[str, Any]) -> str:
    """Of which condition it is, effect and interval, and what the paper reported of the same comparison."""
    digits = 3 if row["kind"] in MULTIPLICATIVE else 2
    condition = f"{row['condition']}: " if row["condition"] else ""
    span = f" ({' to '.join(_signed(end, digits) for end in row['interval'])})" if row["interval"] else ""
    return f"{condition}{_signed(row['effect'], digits)} {row['unit']}{span}{_reported(row)}"


def _reported(row: dict[str, Any]) -> str:
    said = next(part["reported"] for part in row["parts"] if part["name"] == row["condition"])
    if said is None or said["value"] is None:
        return ""
    return f"; {said['value']:g} ".replace("-", "−") + (
        "in a pilot" if said["known"] == "reconstruction" else "reported"
    )


def _signed(value: float, digits: int) -> str:
    """Without the sign of what is rounded to nothing."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def _seeds(rows: list[dict[str, Any]]) -> str:
    """Those of the claims that were judged."""
    counts = sorted({row["n"] for row in rows if row["verdict"] != NOT_RUN})
    return f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else "".join(map(str, counts)) or "none"
