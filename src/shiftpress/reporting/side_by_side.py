"""Two runs side by side, as text and as one HTML file."""

import textwrap
from collections.abc import Iterator
from pathlib import Path

from shiftpress.core.problems import printable
from shiftpress.core.statistics import Estimate
from shiftpress.reporting.differences import Change, Comparison
from shiftpress.reporting.moved import Move
from shiftpress.reporting.page import environment, number
from shiftpress.reporting.turned import Turn

PARTS = ("settings", "code", "packages", "machine", "data")
MOST = 20
"""Metrics that the text names; the page names all."""


def page(found: Comparison, templates: Path, stylesheet: Path) -> str:
    """The HTML file. It needs no network and runs no script."""
    made = environment(templates)
    made.filters |= {"change": said, "short": _short}
    return made.get_template("compare.html.j2").render(
        found=found, parts={name: getattr(found, name) for name in PARTS}, stylesheet=stylesheet.read_text()
    )


def text(found: Comparison) -> str:
    """The same in lines, with the largest moves only. A run of others cannot make a terminal do anything."""
    return "\n".join(textwrap.indent(printable(line), " " * (len(line) - len(line.lstrip()))) for line in _lines(found))


def said(change: Estimate, digits: int = 4) -> str:
    """A difference with its interval, or with a word on why there is none."""
    mean = f"{change.mean:+.{digits}g}".replace("-", "−")
    if change.low is None:
        return f"{mean} (n={change.n}, no interval)"
    low, high = (f"{bound:.{digits}g}".replace("-", "−") for bound in (change.low, change.high))
    return f"{mean} [{low} to {high}], n={change.n}"


def _lines(found: Comparison) -> Iterator[str]:
    for side, about in found.about.items():
        yield f"{side}: {about['folder']} ({about['tier']} tier, {about['seeds']} seeds, commit {about['commit']})"
    if found.same:
        yield f"No difference: {found.metrics.equal} records and {found.claims} claims are equal."
        return
    for name in PARTS:
        changes: list[Change] = getattr(found, name)
        yield f"{name}: {_count(changes)}"
        yield from (f"  {change.key}: {_short(change.a)} -> {_short(change.b)}" for change in changes)
    yield from _moves(found)
    yield f"verdicts: {sum(turn.turned for turn in found.verdicts)} of {found.claims} are others"
    yield from (f"  {_turn(turn)}" for turn in found.verdicts)


def _moves(found: Comparison) -> Iterator[str]:
    metrics = found.metrics
    yield (
        f"records: {metrics.equal} equal ({metrics.remade} of them made in another way), {metrics.differ} moved, "
        f"{sum(row['records'] for row in metrics.only)} in one run only"
    )
    for row in metrics.only:
        seeds = ", ".join(map(str, row["seeds"]))
        model = f"{row['phase']} {row['model']} on {row['dataset']}"
        yield f"  only in {row['run']}: {model}, {row['records']} records, seeds {seeds}"
    if metrics.moved:
        yield (
            f"moved: {len(metrics.moved)} metrics of a model under a shift (means over severities, B less A, paired by "
            f"seed); {metrics.clear} have a 95 % interval without 0, where chance alone gives one in twenty"
        )
        yield from (f"  {_move(move)}" for move in metrics.moved[:MOST])
    if len(metrics.moved) > MOST:
        yield f"  and {len(metrics.moved) - MOST} that moved less; --out writes all of them"


def _move(move: Move) -> str:
    where = f"{move.phase} {move.model} on {move.dataset} under {move.shift}: {move.metric}"
    return f"{where} {number(move.a, 4)} -> {number(move.b, 4)}, {said(move.change)}"


def _turn(turn: Turn) -> str:
    was, now = (verdict or "not there" for verdict in turn.verdicts)
    verdicts = f"{was} -> {now}" if turn.turned else f"still {now}"
    effects = " -> ".join(number(effect, 3) for effect in turn.effects)
    change = f", {said(turn.change, 3)}" if turn.change else ""
    return f"{turn.id}: {verdicts}; {effects} {turn.unit}{change}"


def _count(changes: list[Change]) -> str:
    return f"{len(changes)} {'differs' if len(changes) == 1 else 'differ'}" if changes else "none differs"


def _short(value: str | None) -> str:
    """A value that fits a line, or a word for none."""
    if value is None:
        return "not there"
    return value if len(value) <= 60 else f"{value[:57]}..."
