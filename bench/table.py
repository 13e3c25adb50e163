"""The form that all benchmarks share: ways that take turns, rows of a table, and what is asked of a row.

Times are CPU time of one thread. Ways are measured in turns, in another order each time, and a ratio is the median of
the turns' own ratios: what else the machine does then falls on all ways alike.
"""

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests"), str(ROOT / "bench")]

REPEATS = 7
"""Turns of each way, unless a script says otherwise; at least 5."""


@dataclass(frozen=True)
class Row:
    """Ours beside a peer, both in ``unit``; what ends in "/s" is better the larger, anything else the smaller.

    ``ratio`` is how many times as fast ours is (``low``, ``high``: quartiles of the repeats). ``limit`` is the best
    that this machine could do, as ``bound`` says. ``least`` is asked of the ratio, and ``most`` of ours itself.
    """

    name: str
    peer: str
    unit: str
    ours: float | None
    theirs: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    repeats: int = 1
    limit: float | None = None
    bound: str = ""
    least: float | None = None
    most: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the row is as asked; None if nothing is asked, or nothing measured."""
        if self.ours is None or (self.least is None and self.most is None):
            return None
        return (self.least is None or self.ratio >= self.least) and (self.most is None or self.ours <= self.most)

    @property
    def asked(self) -> str:
        """What is asked, in words."""
        return f"ratio ≥ {self.least:.3g}" if self.least is not None else f"≤ {self.most:g} {self.unit}"


def in_turns(ways: Mapping[str, Callable[[], object]], repeats: int = REPEATS, warm: int = 1) -> dict[str, list[float]]:
    """CPU seconds of each call of every way, the first ``warm`` calls left out."""
    return turns({name: _timed(way) for name, way in ways.items()}, repeats, warm)


def turns(ways: Mapping[str, Callable[[], float]], repeats: int = REPEATS, warm: int = 1) -> dict[str, list[float]]:
    """The same of ways that say themselves how long they took."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    shuffle = random.Random(0)
    for turn in range(warm + repeats):
        for name in shuffle.sample(list(ways), len(ways)):
            seconds = ways[name]()
            if turn >= warm:
                found[name].append(seconds)
    return found


def _timed(way: Callable[[], object]) -> Callable[[], float]:
    def seconds() -> float:
        start = time.process_time()
        way()
        return time.process_time() - start

    return seconds


def row(name: str, peer: str, unit: str, ours: list[float], theirs: list[float], count: float = 1, **more) -> Row:
    """A row from seconds in each turn, in which ``count`` things were done."""
    ratios = sorted(other / own for own, other in zip(ours, theirs, strict=True))
    low, high = ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]
    own, other = (amount(statistics.median(column), unit, count) for column in (ours, theirs))
    return Row(name, peer, unit, own, other, statistics.median(ratios), low, high, len(ratios), **more)


def amount(seconds: float, unit: str, count: float = 1) -> float:
    """Seconds for ``count`` things in a unit."""
    if unit.endswith("/s"):
        return count / seconds
    return seconds / count * {"s": 1, "ms": 1e3, "us": 1e6}[unit.split()[0]]


def options(text: str | None) -> argparse.ArgumentParser:
    """The command line of a script, ``text`` being its docstring."""
    found = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--json", type=Path, help="file for the rows")
    return found


def finish(rows: list[Row], given: argparse.Namespace) -> None:
    """Print the rows, write them if asked to, and leave with 1 if one is not as asked."""
    width = max(len(one.name) for one in rows)
    print(f"{'':{width}s}{'ours':>11s}{'peer':>11s}  {'unit':16s}{'ratio':>7s}{'quartiles':>16s}{'limit':>11s}")
    for one in rows:
        print(line(one, width))
    if given.json:
        given.json.write_text(json.dumps([asdict(one) for one in rows], indent=1) + "\n")
    sys.exit(int(any(one.met is False for one in rows)))


def line(one: Row, width: int) -> str:
    """A row as a line of text."""
    ratio, spread = ("", "") if one.ratio is None else (f"{one.ratio:.2f}", f"{one.low:.2f} to {one.high:.2f}")
    verdict = "" if one.met is None else f"  {one.asked}: {'met' if one.met else 'NOT MET'}"
    cells = f"{number(one.ours):>11s}{number(one.theirs):>11s}  {one.unit:16s}{ratio:>7s}{spread:>16s}"
    return f"{one.name:{width}s}{cells}{number(one.limit):>11s}{verdict}"


def number(value: float | None) -> str:
    """Three digits; nothing for nothing."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
