"""How far a run is: the state of every job, by its artefacts and log; how long the rest will take, by what it took."""

import os
import platform
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import mean
from typing import Literal

from shiftpress.core.audit import Job, audit, same_size

State = Literal["done", "running", "failed", "killed", "left"]
STARTED = re.compile(r"^(\S+ \S+),\d+ INFO started, process (\d+) on (\S*)$")
GPU = re.compile(r" INFO works on (?!CPU,).*, \S+, \d+ threads?$", re.M | re.I)
HEAD = 4096
"""Bytes at the beginning of a log, in which it says what the job works on."""
TAIL = 4096
"""Bytes at the end of a log, in which it says how it ended."""


@dataclass(frozen=True)
class Begun:
    """What the log of a job tells that has not finished."""

    state: State
    at: datetime
    host: str
    said: str
    """Its last line, without the time."""


def report(jobs: Sequence[Job], cores: int | None = None) -> Iterator[str]:
    """Lines that say what is done, running, failed and left of a tier's jobs, and how long the rest will take."""
    states, begun = states_of(jobs)
    count = Counter(states.values())
    yield f"{len(jobs)} jobs: " + ", ".join(f"{count[s]} {s}" for s in ("done", "running", "failed", "killed", "left"))
    for job in jobs:
        if states[job.name] in ("running", "failed", "killed"):
            about = begun[job.name]
            where = "" if about.host == platform.node() else f" on {about.host}"
            yield f"  {about.state}: {job.name}{where}, since {about.at:%H:%M}: {about.said}"
            if states[job.name] != "running":
                yield f"    {job.log}"
    yield from _rest(jobs, states, begun, cores or os.cpu_count() or 1)
    if on_gpus := [job for job in jobs if states[job.name] == "done" and _on_gpu(job.log)]:
        yield f"{sum(map(_seconds, on_gpus)) / 3600:.2f} GPU-hours were used by {len(on_gpus)} of the jobs done."


def states_of(jobs: Sequence[Job]) -> tuple[dict[str, State], dict[str, Begun]]:
    """The state of every job by its name; and more about those that have begun and not finished.

    Done is what stands there whole in size, made by today's params and code. No large file is read for that.
    """
    states: dict[str, State] = {}
    begun: dict[str, Begun] = {}
    for job, standing, _ in audit(jobs, same_size):
        about = None if standing == "good" else _begun(job.log)
        if about:
            begun[job.name] = about
        states[job.name] = "done" if standing == "good" else about.state if about else "left"
    return states, begun


def _begun(log: str | None) -> Begun | None:
    """What a log says of a job whose artefacts are not there; nothing if it ended well, for other params."""
    try:
        with open(log or "", "rb") as file:
            first = file.readline().decode(errors="replace").rstrip()
            file.seek(max(file.tell(), os.fstat(file.fileno()).st_size - TAIL))
            lines = [first, *file.read().decode(errors="replace").splitlines()]
    except OSError:
        return None
    start = STARTED.match(first)
    if not start or any(line.endswith(" INFO finished") for line in lines):
        return None
    at, process, host = datetime.fromisoformat(start[1]), int(start[2]), start[3]
    said = [line.split(" ", 3) for line in lines if re.match(r"\d{4}-\d\d-\d\d .* (INFO|ERROR|WARNING) ", line)]
    failed = any(words[2] == "ERROR" for words in said)
    state = "failed" if failed else "running" if host != platform.node() or _alive(process) else "killed"
    return Begun(state, at, host, said[-1][3] if said else "")


def _alive(process: int) -> bool:
    """Whether a process of this machine is there and is one of Python's; numbers are given out again."""
    try:
        return b"python" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def _rest(jobs: Sequence[Job], states: Mapping[str, State], begun: Mapping[str, Begun], cores: int) -> Iterator[str]:
    """How long what is not done will take, if jobs take as long as those of the same rule did."""
    known = defaultdict(list)
    for job in jobs:
        if seconds := _seconds(job):
            known[job.rule].append(seconds)
    rest, unknown = [], Counter()
    for job in jobs:
        if states[job.name] == "done":
            continue
        if not job.benchmark and job.rule not in known:
            continue  # rules without benchmarks take no time to speak of
        expected = _seconds(job) or (mean(known[job.rule]) if known[job.rule] else 0)
        if not expected:
            unknown[job.rule] += 1
        elif states[job.name] == "running":
            rest.append(max(0.0, expected - (datetime.now() - begun[job.name].at).total_seconds()))
        else:
            rest.append(expected)
    if rest:
        yield f"About {_duration(max(*rest, sum(rest) / cores))} to go on {cores} cores, by the times of earlier jobs."
    if unknown:
        names = ", ".join(f"{count} {rule}" for rule, count in unknown.items())
        yield f"Not counted, for want of earlier jobs: {names}."


def _seconds(job: Job) -> float:
    """Wall seconds that the job took when it last ran, or 0."""
    try:
        head, row = Path(job.benchmark or "").read_text().splitlines()[:2]
        return float(dict(zip(head.split("\t"), row.split("\t"), strict=True))["s"])
    except (OSError, ValueError, KeyError):
        return 0.0


def _on_gpu(log: str | None) -> bool:
    """Whether a log says that the job worked on a GPU."""
    try:
        with open(log or "", "rb") as file:
            return bool(GPU.search(file.read(HEAD).decode(errors="replace")))
    except OSError:
        return False


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{seconds:.0f} s" if seconds < 90 else f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"
