"""Strikes a cluster with faults while the pipeline runs on it, again and again.

Each try begins with a finished run of the tiny tier that has lost a phase: `snakemake --profile cluster` makes the
phase and all that follows from it anew, up to the report. A fault comes at a random moment, while a job runs; the same
command is started once more if it fails. In the end every artefact must be what it was.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edit_site import POLL_S, edit
from faults.outcome import Outcome
from faults.project import TINY, Project
from lab import Lab
from projects import BIN, environment
from strikes import (
    LONGEST_S,
    STRIKES,
    fill_disk,
    free_disk,
    hang_up,
    left,
    over,
    running,
    strike,
    take_disk,
    too_little_memory,
)
from watching import Watch, until

PHASES = ("codecs", "atmc", "edge", "cards")
WAITED_S = 2 * POLL_S + 15
"""A run may end so long after its last job: two looks, and what Snakemake does after a job and at its end."""
LAST_MOMENT_S = 25
"""Faults come within so many seconds of the first job's start; runs that nobody strikes take a little longer."""


@dataclass
class Try:
    """How one try went."""

    fault: str
    phase: str
    moment: float
    struck: bool = False
    starts: int = 1
    seconds: float = 0
    waited: float = 0
    wrong: str = ""

    def row(self) -> str:
        """One line of the table of all tries."""
        return (
            f"| {self.fault} | {self.phase} | {self.moment:.1f} | {self.starts} | {self.seconds:.0f} | "
            f"{self.waited:.0f} | {self.wrong or 'as it should be'} |"
        )


def struck(reference: Project, folder: Path, tries: int, seed: int) -> Outcome:
    """S1: each fault in turn, on each phase in turn; every try is printed as it ends, and all of them at the end."""
    outcome, moments, made = Outcome(), random.Random(seed), []
    folder.mkdir(parents=True, exist_ok=True)
    lab = Lab(folder / "lab")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    lab.start()
    try:
        for number in range(tries):
            fault, phase = list(STRIKES)[number % len(STRIKES)], PHASES[number // len(STRIKES) % len(PHASES)]
            made.append(
                attempt(reference, folder / str(number), lab, Try(fault, phase, moments.uniform(0, LAST_MOMENT_S)))
            )
            print(made[-1].row(), flush=True)
            outcome.check(not made[-1].wrong, f"try {number}, {fault}: {made[-1].wrong}")
            if not made[-1].wrong:
                shutil.rmtree(folder / str(number))
    finally:
        lab.stop()
    print(summary(made))
    starts, longest, waited = (max(getattr(one, name) for one in made) for name in ("starts", "seconds", "waited"))
    outcome.worst = f"{starts} starts; {longest:.0f} s; ended {waited:.0f} s after its last job"
    return outcome


def attempt(reference: Project, folder: Path, lab: Lab, this: Try) -> Try:
    """One try, from a copy that has lost a phase to the comparison."""
    lab.wait_for("idle")
    project, begun = reference.copy(folder), time.monotonic()
    edit(folder / "workflow/profiles/site.yaml")
    shutil.rmtree(project.results / this.phase)
    if this.fault == "disk full":
        fill_disk(project.results / this.phase, "64k")
    if this.fault == "out of memory":
        too_little_memory(folder)
    try:
        with Watch(project.logs) as watch:
            run(project, lab, this)
        this.seconds = time.monotonic() - begun
        this.wrong = this.wrong or mistake(project, reference, lab, this, watch)
    finally:
        if this.fault == "disk full":
            take_disk(project.results / this.phase)
    return this


@contextmanager
def started(project: Project, lab: Lab) -> Iterator[subprocess.Popen]:
    """Start the command; if it has not ended by itself, it is ended."""
    env = environment(project.folder)
    env["PATH"] = f"{lab.folder / 'bin'}{os.pathsep}{env['PATH']}"
    command = [BIN / "snakemake", "--profile", "cluster", *TINY]
    with open(project.folder / "run.log", "ab") as log:
        process = subprocess.Popen(command, cwd=project.folder, env=env, stdout=log, stderr=log)
    try:
        yield process
    finally:
        if process.poll() is None:
            hang_up(process)


def run(project: Project, lab: Lab, this: Try) -> None:
    """Run the command, strike, and run it once more if it fails."""
    with started(project, lab) as process:
        if until(lambda: running(lab) or process.poll() is not None, LONGEST_S):
            time.sleep(this.moment)
            this.struck = strike(lab, process, this.fault)
        again = ended(process, lab, this) and process.returncode
    if again:
        if this.fault == "disk full":
            free_disk(project.results / this.phase)
        this.starts = 2
        with started(project, lab) as process:
            if ended(process, lab, this) and process.returncode:
                this.wrong = f"ended with {process.returncode} after a second start"


def ended(process: subprocess.Popen, lab: Lab, this: Try) -> bool:
    """Whether the run ends by itself, and soon after its last job."""
    if not over(lab, process):
        this.wrong = f"hangs; the queue holds {left(lab)}"
        return False
    this.waited = max(this.waited, time.time() - last_end(lab))
    return True


def last_end(lab: Lab) -> float:
    """When the last job of all ended."""
    said = lab.slurm("scontrol", "show", "job", "-o", check=False)
    ends = [word.removeprefix("EndTime=") for word in said.split() if word.startswith("EndTime=2")]
    return time.mktime(time.strptime(max(ends), "%Y-%m-%dT%H:%M:%S")) if ends else time.time()


def mistake(project: Project, reference: Project, lab: Lab, this: Try, watch: Watch) -> str:
    """What is not as it should be after the run, or nothing."""
    other = sorted({name for name, _ in project.digests().items() ^ reference.digests().items()})
    told = project.verify()
    if other or told.returncode:
        return f"other artefacts: {other} {told.stderr[:200]}"
    if this.waited > WAITED_S:
        return f"ended {this.waited:.0f} s after its last job"
    if watch.twice:
        return f"two processes on one output: {watch.twice}"
    if not this.struck or not watch.seen or left(lab):
        return f"struck: {this.struck}; seen at work: {dict(watch.seen)}; left in the queue: {left(lab)}"
    return ""


def summary(tries: list[Try]) -> str:
    """For each fault how many tries there were, how many went wrong, and the worst of them."""
    rows = ["| fault | tries | wrong | second starts | longest run, s | longest wait after the last job, s |"]
    rows += ["| --- | --- | --- | --- | --- | --- |"]
    for fault in (*STRIKES, "all"):
        if own := [this for this in tries if fault in (this.fault, "all")]:
            wrong, again = sum(bool(this.wrong) for this in own), sum(this.starts - 1 for this in own)
            worst, waited = max(this.seconds for this in own), max(this.waited for this in own)
            rows.append(f"| {fault} | {len(own)} | {wrong} | {again} | {worst:.0f} | {waited:.0f} |")
    return "\n".join(rows)
