"""Strikes a cluster with faults, again and again, and writes down how each run ended.

    python tests/slurm/fault_table.py [--tries 44] [--seed 0] [--folder FOLDER] [--out FILE]

In a copy of the project, one try after another: `snakemake --profile cluster` with toy.smk, a fault at a random moment
of a running job, at most one more start of the same command; then its files are compared with those that a run on this
machine made. Ends with 1 if any try went wrong.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from edit_site import POLL_S, edit  # noqa: E402
from lab import Lab  # noqa: E402
from projects import BIN, copy_project, snakemake  # noqa: E402
from strikes import STRIKES, fill_disk, free_disk, hang_up, left, running, take_disk, too_little_memory  # noqa: E402
from watching import Watch, until  # noqa: E402

TOY = ("--snakefile", "tests/slurm/toy.smk")
COMMAND = (*TOY, "--profile", "cluster")
PHASE = "results/toy"
MADE = (PHASE, "logs/toy")
LONGEST_S = 300
"""A run that takes longer hangs: with every fault it takes less than half of this."""
WAITED_S = 2 * POLL_S + 15
"""A run may end so long after its last job: two looks, and what Snakemake does after a job and at its end."""
LAST_MOMENT_S = 14
"""Faults come within so many seconds of a job's start, which takes a little longer."""


@dataclass
class Try:
    """How one try went."""

    fault: str
    moment: float
    starts: int = 1
    seconds: float = 0
    waited: float = 0
    wrong: str = ""

    def row(self) -> str:
        """One line of the table of all tries."""
        return (
            f"| {self.fault} | {self.moment:.1f} | {self.starts} | {self.seconds:.0f} | {self.waited:.0f} | "
            f"{self.wrong or 'as it should be'} |"
        )


class Trial:
    """A copy of the project, a Slurm, and the files that a run must leave."""

    def __init__(self, folder: Path, lab: Lab):
        self.project = copy_project(folder / "project")
        self.lab = lab
        edit(self.project / "workflow/profiles/site.yaml")
        snakemake(*TOY, cwd=self.project)
        self.expected = self.digests()
        assert len(self.expected) == 3, self.expected
        self.needs = (self.project / "workflow/batch/needs.py").read_text()

    def digests(self) -> dict[str, str]:
        """Of what it makes."""
        found = sorted((self.project / PHASE).rglob("*.bin"))
        return {str(path.relative_to(self.project)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}

    def reset(self) -> None:
        """As if it had never run."""
        for name in MADE:
            shutil.rmtree(self.project / name, ignore_errors=True)
        (self.project / "workflow/batch/needs.py").write_text(self.needs)
        self.lab.wait_for("idle")

    def start(self) -> subprocess.Popen:
        """Start the command."""
        env = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(self.project / "src"), os.environ.get("PYTHONPATH", "")]),
            "PATH": os.pathsep.join([str(self.lab.folder / "bin"), str(BIN), os.environ["PATH"]]),
        }
        with open(self.project / "run.log", "ab") as log:
            return subprocess.Popen([BIN / "snakemake", *COMMAND], cwd=self.project, env=env, stdout=log, stderr=log)

    def attempt(self, fault: str, moments: random.Random) -> Try:
        """One try, from nothing to the comparison."""
        self.reset()
        this, begun = Try(fault, moments.uniform(0, LAST_MOMENT_S)), time.monotonic()
        if fault == "disk full":
            fill_disk(self.project / PHASE, "1500k")
        if fault == "out of memory":
            too_little_memory(self.project)
        try:
            with Watch(self.project / "logs") as watch:
                self.run(this)
            this.seconds = time.monotonic() - begun
            this.wrong = this.wrong or self.mistake(this, watch)
        finally:
            if fault == "disk full":
                take_disk(self.project / PHASE)
        return this

    def run(self, this: Try) -> None:
        """Run the command, strike, and run it once more if it fails."""
        process = self.start()
        if until(lambda: running(self.lab) or process.poll() is not None, LONGEST_S) and process.poll() is None:
            time.sleep(this.moment)
            for job in running(self.lab)[:1]:
                STRIKES[this.fault](self.lab, job)
        if self.ended(process, this) and process.returncode:
            if this.fault == "disk full":
                free_disk(self.project / PHASE)
            this.starts, process = 2, self.start()
            if self.ended(process, this) and process.returncode:
                this.wrong = f"ended with {process.returncode} after a second start"

    def ended(self, process: subprocess.Popen, this: Try) -> bool:
        """Whether the run ends by itself, and soon after its last job."""
        if not until(lambda: self.look_after_node() or process.poll() is not None, LONGEST_S, pause=1):
            this.wrong = f"hangs; the queue holds {left(self.lab)}"
            hang_up(process)
            return False
        this.waited = max(this.waited, time.time() - self.last_end())
        return True

    def look_after_node(self) -> None:
        """What an administrator does: a node that Slurm drained, as it refused to start a job twice, is put back."""
        if self.lab.node() in ("drained", "draining"):
            self.lab.slurm("scontrol", "update", "NodeName=localhost", "State=RESUME", check=False)

    def last_end(self) -> float:
        """When the last job of all ended."""
        said = self.lab.slurm("scontrol", "show", "job", "-o", check=False)
        ends = [word.removeprefix("EndTime=") for word in said.split() if word.startswith("EndTime=2")]
        return time.mktime(time.strptime(max(ends), "%Y-%m-%dT%H:%M:%S")) if ends else time.time()

    def mistake(self, this: Try, watch: Watch) -> str:
        """What is not as it should be after the run, or nothing."""
        found = self.digests()
        if found != self.expected:
            return f"other files: {sorted(set(found.items()) ^ set(self.expected.items()))}"
        if this.waited > WAITED_S:
            return f"ended {this.waited:.0f} s after its last job"
        if watch.twice:
            return f"two processes on one output: {watch.twice}"
        if not watch.seen or left(self.lab):
            return f"seen at work: {dict(watch.seen)}; left in the queue: {left(self.lab)}"
        return ""


def summary(tries: list[Try]) -> str:
    """For each fault how many tries there were, how many went wrong, and the worst of them."""
    rows = ["| fault | tries | wrong | second starts | longest run, s | longest wait after the last job, s |"]
    rows += ["| --- | --- | --- | --- | --- | --- |"]
    for fault in STRIKES:
        if own := [this for this in tries if this.fault == fault]:
            wrong, again = sum(bool(this.wrong) for this in own), sum(this.starts - 1 for this in own)
            worst, waited = max(this.seconds for this in own), max(this.waited for this in own)
            rows.append(f"| {fault} | {len(own)} | {wrong} | {again} | {worst:.0f} | {waited:.0f} |")
    return "\n".join(rows)


def main() -> int:
    """Run all tries, telling each as it ends."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, kind, default in (("tries", int, 44), ("seed", int, 0), ("folder", Path, None), ("out", Path, None)):
        arguments.add_argument(f"--{name}", type=kind, default=default)
    given = arguments.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="shiftpress-slurm-"))
    lab, tries, moments = Lab(folder / "lab"), [], random.Random(given.seed)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    lab.start()
    try:
        trial = Trial(folder, lab)
        for number in range(given.tries):
            tries.append(trial.attempt(list(STRIKES)[number % len(STRIKES)], moments))
            print(tries[-1].row(), flush=True)
            text = summary(tries) + "\n\n" + "\n".join(this.row() for this in tries) + "\n"
            if given.out:
                given.out.write_text(text)
    finally:
        lab.stop()
    print(f"\n{summary(tries)}")
    return int(any(this.wrong for this in tries))


if __name__ == "__main__":
    sys.exit(main())
