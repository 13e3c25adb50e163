"""Run the benchmarks and write docs/bench.md: ``make bench``, or ``python bench/run.py [NAME ...]`` for some of them.

Rows are kept in docs/bench with the commit and the machine they were measured on, so that benchmarks can be run one by
one; the page is made of all that are there. Leaves with 1 if a row is not as asked.
"""

import argparse
import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import torch
from machine import bandwidth, described, peak
from table import ROOT, Row, number

KINDS = {
    "corruptions": "The 19 common corruptions at 5 severities",
    "evaluation": "Corruption evaluation of eight networks",
    "plain": "Training of classifiers beside plain eager training in float32",
    "training": "Sparse training and training with a teacher, beside dense training",
    "adversarial": "Training under attack, beside its ideal",
    "pgd": "PGD beside torchattacks",
    "autoattack": "AutoAttack beside the package",
    "codecs": "Coding of images beside CompressAI",
    "seeds": "Seeds in one job, beside a job for each",
    "augmix": "AugMix beside torchvision",
    "fourier": "Fourier maps beside one frequency after the other",
    "claims": "Statistics of claims",
    "deck": "Decks of cards beside one card",
    "quantised": "Networks in whole numbers beside ONNX Runtime",
    "growth": "Twice as much of everything",
    "kernels": "Where the CPU time of a laptop tier goes",
    "commands": "Cold start of commands, the DAG, and small jobs",
}
"""Script and title, in the order of the page."""
KEPT = ROOT / "docs" / "bench"
PAGE = ROOT / "docs" / "bench.md"


def commit() -> str:
    """Of the working tree, with a mark if files differ from it other than those that are written here."""

    def said(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True).stdout.strip()

    own = [f":!{path.relative_to(ROOT)}" for path in (KEPT, PAGE)]
    differs = said("status", "--porcelain", "--untracked-files=no", "--", ".", *own)
    return (said("describe", "--always") or "unknown") + ("-dirty" if differs else "")


def measured(name: str) -> bool:
    """Run one benchmark and keep its rows. Whether it came to its end."""
    print(f"== {name}", flush=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    found = KEPT / f"{name}.rows"
    found.unlink(missing_ok=True)
    command = [sys.executable, "-W", "ignore", str(ROOT / "bench" / f"{name}.py"), "--json", str(found)]
    subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1"})  # leaves with 1 if a row is not as asked
    if not found.is_file():
        print(f"{name} did not come to its end")
        return False
    facts = {"commit": commit(), "date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": described(), "rates": rates()}
    (KEPT / f"{name}.json").write_text(json.dumps({**facts, "rows": json.loads(found.read_text())}, indent=1) + "\n")
    found.unlink()
    return True


def rates() -> dict[str, float]:
    """What one thread of this machine does in a second."""
    return {"float32": peak(), "bfloat16": peak(torch.bfloat16), "copied": bandwidth()}


def page(kept: dict[str, dict]) -> str:
    """The document."""
    newest = max(kept.values(), key=lambda part: part["date"])
    facts, speed = newest["machine"], {name: rate / 1e9 for name, rate in newest["rates"].items()}
    lines = ["# Speed", "", *HEAD.strip().splitlines(), ""]
    lines += [f"- {facts['processor']}, {facts['cores']} cores, {facts['memory']} ({facts['flags']})"]
    lines += [f"- {facts['system']}, Python {facts['python']}, torch {facts['torch']}"]
    lines += [f"- one thread: {speed['float32']:.0f} GFLOP/s in float32, {speed['bfloat16']:.0f} in bfloat16,"]
    lines += [f"  {speed['copied']:.1f} GB/s copied"]
    lines += [f"- commit {newest['commit']}, {newest['date']}, if not said otherwise", "", "## What is asked", ""]
    lines += ["| what | asked | measured | |", "| --- | --- | --- | --- |"]
    for title, one in ((KINDS[name], one) for name, part in kept.items() for one in rows(part) if one.met is not None):
        value = f"{one.ratio:.2f}" if one.least is not None else f"{number(one.ours)} {one.unit}"
        lines.append(f"| {title}: {one.name} | {one.asked} | {value} | {'met' if one.met else '**not met**'} |")
    if missing := [title for name, title in KINDS.items() if name not in kept]:
        lines += ["", f"Not run for this page: {'; '.join(missing)}."]
    for name, title in KINDS.items():
        lines += ["", f"## {title}", ""]
        lines += table(kept[name], newest) if name in kept else [f"NOT RUN (`python bench/{name}.py`)."]
    return "\n".join(lines) + "\n"


def table(part: dict, newest: dict) -> list[str]:
    """The rows of one benchmark."""
    lines, machine = [], part["machine"]
    elsewhere = "" if machine == newest["machine"] else f" on {machine['processor']} ({machine['flags']})"
    if elsewhere or part["commit"] != newest["commit"]:
        lines += [f"At {part['commit']}{elsewhere}, {part['date']}.", ""]
    lines += [
        "| | ours | peer | unit | ratio | quartiles, repeats | limit |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in rows(part):
        name = f"{one.name}; peer: {one.peer}" if one.peer else one.name
        ratio, spread = ("", "") if one.ratio is None else (f"{one.ratio:.2f}", f"{one.low:.2f} to {one.high:.2f}")
        limit = f"{number(one.limit)}: {one.bound}" if one.limit is not None else one.bound
        cells = [name, number(one.ours), number(one.theirs), one.unit, ratio, f"{spread} ({one.repeats})", limit]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def rows(part: dict) -> list[Row]:
    """Those that were kept."""
    return [Row(**one) for one in part["rows"]]


HEAD = """
Written by `make bench`. Ours beside a peer in the same run, each network, image and thread count alike. CPU time of
one thread; ways take turns in random order, and a ratio is the median of the turns' own ratios, how many times as fast
ours is, with quartiles. Wall time is judged where it says so; the numbers of two machines are not comparable. Peers
live in environments of their own (`bench/environment.py`). Limits are estimates of the best this machine could do.
Kinds may have been run one by one (`make bench BENCH=...`), and beside other work; a part names its commit and
machine if they are others.
"""


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(KINDS)}; none: all")
    words.add_argument("--page", action="store_true", help="measure nothing, write the page of what was kept")
    asked = words.parse_args()
    if unknown := set(asked.names) - set(KINDS):
        words.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    torch.set_num_threads(1)
    ended = [measured(name) for name in (() if asked.page else asked.names or KINDS)]
    kept = {
        name: json.loads((KEPT / f"{name}.json").read_text()) for name in KINDS if (KEPT / f"{name}.json").is_file()
    }
    if not kept:
        sys.exit("nothing was measured")
    PAGE.write_text(page(kept))
    missed = [f"{name}: {one.name}" for name, part in kept.items() for one in rows(part) if one.met is False]
    print(f"{PAGE.relative_to(ROOT)} written;", "all is as asked" if not missed else "not met: " + "; ".join(missed))
    sys.exit(int(bool(missed) or not all(ended)))


if __name__ == "__main__":
    main()
