"""Python, its packages, and how long they take to start."""

import importlib.metadata
import os
import re
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.markers import Marker
from packaging.version import Version

from shiftpress.core.commands import run
from shiftpress.doctor.finding import Finding

LOCK = Path("requirements/lock.txt")
LINE = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)\s*(?:;\s*([^\\]+))?", re.M)
PYTHONS = ((3, 11), (3, 13))
SLOW_S = 3.0
"""CPU time of importing torch above which its bytecode is not kept; measured 1.5 s with, 3.3 s without."""


def environment(lock: Path = LOCK) -> Iterator[Finding]:
    """All of it."""
    yield python()
    yield packages(lock)
    yield threads()
    yield start()


def python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """The interpreter."""
    least, below = PYTHONS
    seen = f"{'.'.join(map(str, version))} at {sys.executable}"
    if least <= version[:2] < below:
        return Finding("python", "ok", seen)
    return Finding("python", "fail", seen, "take Python 3.11 or 3.12: delete .venv, then make setup")


def packages(lock: Path) -> Finding:
    """Whether the locked versions are the installed ones."""
    if not lock.is_file():
        return Finding("packages", "warn", f"{lock} is missing", "run in the repository's root")
    wanted = [(name, version) for name, version, marker in LINE.findall(lock.read_text()) if _here(marker)]
    missing, other = [], []
    for name, version in wanted:
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
            continue
        if Version(found).public != Version(version).public:  # +cpu and +cu130 are builds of one version
            other.append(f"{name} {found}, locked {version}")
    if missing:
        return Finding("packages", "fail", f"not installed: {_few(missing)}", "make setup")
    if other:
        return Finding("packages", "warn", _few(other), "make setup; numbers may differ in other versions")
    return Finding("packages", "ok", f"all {len(wanted)} are the locked versions")


def _here(marker: str) -> bool:
    return not marker or Marker(marker.strip()).evaluate({"extra": ""})


def _few(words: list[str], most: int = 5) -> str:
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


def threads(cores: int | None = None) -> Finding:
    """Cores of this process, and how many threads each job would use."""
    cores = cores or len(os.sched_getaffinity(0))
    setting = os.environ.get("OMP_NUM_THREADS", "")
    load = os.getloadavg()[0]
    seen = f"{cores} cores, OMP_NUM_THREADS={setting or 'not set'} (rules set their own), load {load:.1f}"
    if setting.isdecimal() and int(setting) > cores:
        return Finding(
            "threads", "warn", seen, "unset OMP_NUM_THREADS: threads that outnumber cores wait for each other"
        )
    if load > 2 * cores:
        return Finding("threads", "warn", seen, "others use this machine; timings of now mean little")
    return Finding("threads", "ok", seen)


def start() -> Finding:
    """What a job would pay for its imports, were it not forked from a process that has them."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run([sys.executable, "-c", "import torch"], timeout_s=300)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done is None or done.code:
        words = (done.err.splitlines() or ["no word"])[-1] if done else "takes over 300 s"
        return Finding("start", "fail", f"torch cannot be imported: {words}", "make setup")
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    seen = f"importing torch takes {spent:.1f} s of CPU time" + ("" if sys.platform == "linux" else ", in every job")
    if spent > SLOW_S:
        mend = "compile bytecode: unset PYTHONDONTWRITEBYTECODE, delete .venv, make setup"
        return Finding("start", "warn", seen, mend)
    return Finding("start", "ok", seen)
