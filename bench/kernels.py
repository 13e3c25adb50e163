"""Where the CPU time of a run goes: kernels of torch, other libraries in machine code, or Python itself.

``python bench/kernels.py [--tier laptop] [--json FILE]`` clones the last commit into an empty folder, runs the tier
there, and has py-spy (from an environment of its own) look at every thread of every process ten times a second, frames
of machine code included; a minute at a time, as it may get stuck, and with a gap of a second or two in between. A
sample counts for what the innermost of Python's frames had called: a library of torch or code that it made while
running, another library, or the interpreter. Threads that wait are left out. That share is at least 85 % of a laptop
tier, as asked; planning, judging and drawing the report are in what it is a share of.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from environment import beside
from table import ROOT, Row, finish, options

PACKAGE, RATE, PART_S, TRIES, LEAST = "py-spy==0.4.3", 10, 60, 5, 0.85
PYTHON = re.compile(r"\((?:<[^)]*|[^()]*\.(?:py|smk)|Snakefile[^()]*)(?::\d+)?\)$")
"""A frame of Python's: a function in a source file."""
LIBRARY = re.compile(r"\(([^()]*\.so[^()]*|\?)\)$")
INTERPRETER = re.compile(r"libpython|libc\.so|ld-linux|libpthread|^python")
OF_TORCH = re.compile(r"torch|libc10|mkl|dnnl|gomp|^\?$")
"""Libraries; code of no library is what oneDNN wrote for a layer."""
WAITS = ("recv", "epoll_wait", "poll", "select", "fsync", "wait4", "accept", "clock_nanosleep", "Condition.wait")


def called(frames: list[str]) -> str:
    """What a stack, outermost first, counts for."""
    inner: list[str] = []
    for frame in reversed(frames):
        if PYTHON.search(frame):
            if frame.startswith(WAITS):
                return "waiting"
            break
        inner.append(frame)
    if inner and inner[0].startswith(WAITS):
        return "waiting"
    libraries = [found[1] for frame in inner if (found := LIBRARY.search(frame))]
    if any(OF_TORCH.search(library) for library in libraries):
        return "torch"
    return "other libraries" if any(not INTERPRETER.search(library) for library in libraries) else "Python"


def counted(text: str) -> Counter[str]:
    """Samples by what they count for, of py-spy's stacks: frames joined by semicolons, a blank, a number."""
    found: Counter[str] = Counter()
    for line in text.splitlines():
        stack, number = line.rsplit(" ", 1)
        found[called([frame for frame in stack.split(";") if not frame.startswith("process ")])] += int(number)
    return found


def sampled(folder: Path, tier: str) -> Iterator[str]:
    """The stacks of a run of a tier in a fresh clone below a folder, part by part."""
    clone, stacks = folder / "clone", folder / "stacks"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    spy = beside(PACKAGE) / "bin" / "py-spy"
    overlay = [] if tier == "laptop" else ["--configfile", f"tiers/{tier}.yaml"]
    run = [sys.executable, str(Path(sys.executable).with_name("snakemake")), *overlay]
    env = os.environ | {"PYTHONPATH": str(clone / "src"), "PWD": str(clone)}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    with subprocess.Popen(run, cwd=clone, env=env) as running:
        watch = [str(spy), "record", "--native", "--subprocesses", "--rate", str(RATE), "--format", "raw"]
        watch += ["--duration", str(PART_S), "--output", str(stacks), "--pid", str(running.pid)]
        failures = 0
        try:
            while running.poll() is None and failures < TRIES:
                if ended(watch):
                    failures = 0
                    yield stacks.read_text()
                else:  # now and then it finds no process where there is one
                    failures += 1
                    time.sleep(1)
        finally:
            running.terminate()
    if running.returncode:
        raise SystemExit(f"The run under py-spy ended with {running.returncode}.")


def ended(watch: list[str]) -> bool:
    """Whether a part came to its end: now and then py-spy runs in circles, and holds a process that it looks at."""
    try:
        return subprocess.run(watch, timeout=1.5 * PART_S).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def rows(tier: str, found: Counter[str]) -> list[Row]:
    """The share of each kind of work, that of torch first."""
    kinds = ("torch", "other libraries", "Python")
    whole, made = sum(found[kind] for kind in kinds), []
    for kind in kinds:
        share, least = found[kind] / whole, LEAST if (kind, tier) == ("torch", "laptop") else None
        name = f"{tier} tier, in {kind}"
        made.append(Row(name, "all", "samples", found[kind], whole, share, share, share, least=least))
    return made


def main() -> None:
    words = options(__doc__)
    words.add_argument("--tier", default="laptop", help="laptop, smoke, ...")
    words.add_argument("--stacks", type=Path, nargs="+", help="stacks that py-spy has written, in place of a run")
    given, found = words.parse_args(), Counter()
    with tempfile.TemporaryDirectory() as folder:
        parts = (path.read_text() for path in given.stacks) if given.stacks else sampled(Path(folder), given.tier)
        for text in parts:
            found += counted(text)
    finish(rows(given.tier, found), given)


if __name__ == "__main__":
    main()
