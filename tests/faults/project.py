"""A copy of the project on the tiny tier, which a test may run, kill and damage."""

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import warmed
from projects import BIN, copy_project, environment, run

LAYERS = ("tiers/smoke.yaml", "tests/faults/tiny.yaml")
TINY = ("--configfile", *LAYERS)
MADE = {
    "collect_scores": ["scores.*"],
    "score_formats": ["evaluate/formats/*"],
    "score_codec": ["evaluate/codecs/**/seeds*", "evaluate/examples/**/seeds*"],
    "score_card": ["evaluate/cards/**/seeds*"],
    "score_atmc": ["evaluate/atmc/*/*/ap/seeds*"],
    "search_decks": ["evaluate/budgets/**/seeds*"],
}
"""Files of kinds of rules that little else waits for."""


class Project:
    """A folder with a copy of the project."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.results, self.logs = folder / "results/smoke", folder / "logs/smoke"

    @classmethod
    def finished(cls, folder: Path) -> "Project":
        """A copy in which the tiny tier has run."""
        project = cls(copy_project(folder))
        done = project.run()
        assert done.returncode == 0, done.stderr
        return project

    def copy(self, folder: Path) -> "Project":
        """A copy of all of it."""
        return Project(Path(shutil.copytree(self.folder, folder, symlinks=True)))

    def start(self, *words: str) -> warmed.Forked:
        """Begin the one command, in a process group of its own."""
        env = environment(self.folder) | {"OMP_NUM_THREADS": "1"}
        command = [str(BIN / "snakemake"), "--cores", "1", *words, *TINY]
        return warmed.start(command, self.folder, env, alone=True)

    def run(self, *words: str) -> subprocess.CompletedProcess:
        """The one command, to its end."""
        process = self.start(*words)
        said = process.communicate()[1]
        return subprocess.CompletedProcess(process.args, process.returncode, "", said)

    def kill(self, process: warmed.Forked, signum: int = signal.SIGKILL) -> bool:
        """Kill all of its process group; whether it was still at work."""
        at_work = process.poll() is None
        if at_work:
            os.killpg(process.pid, signum)
        process.communicate()
        return at_work

    def digests(self) -> dict[str, str]:
        """Digests of all artefacts that say that a rerun gives the same bytes."""
        found = {}
        for path in sorted(self.results.rglob("*.json")):
            facts = json.loads(path.read_bytes())
            name = str(path.relative_to(self.results)).removesuffix(".json")
            if isinstance(facts, dict) and facts.get("repeats") == "bitwise":
                found[name] = facts["sha256"]
        return found

    def verify(self) -> subprocess.CompletedProcess:
        """What `shiftpress verify` says."""
        return run(BIN / "shiftpress", "verify", "--tier", "smoke", cwd=self.folder, check=False)

    def unfinished(self) -> list[str]:
        """What a recovered run ought not to leave: halves of files, checkpoints, marks of a run."""
        halves = [str(path) for path in self.results.rglob(".*.tmp")]
        known = {"code", "inventory", "plans", "source_digests.json"}
        work = [str(path) for path in (self.folder / "work").glob("*") if path.name not in known]
        marks = [str(path) for path in (self.folder / ".snakemake/locks").glob("*")]
        return [*halves, *work, *marks]

    def forget(self) -> None:
        """Remove all that runs have made, and the memory of it."""
        for name in ("results", "logs", "benchmarks", "work", ".snakemake", "data/raw"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def lose(self, *kinds: str) -> None:
        """Remove what jobs of these kinds have made, so that a run makes it and what follows from it anew."""
        for kind in kinds:
            for path in MADE[kind]:
                found = list(self.results.glob(path))
                assert found, path
                for one in found:
                    one.unlink()

    def kinds(self) -> list[tuple[str, float]]:
        """The kinds of rules in the order of their first jobs, each with the seconds that one of its jobs took."""
        found = {}
        for folder in self.logs.iterdir():
            logs = [path for path in ([folder] if folder.is_file() else folder.rglob("*.log"))]
            spans = [_span(path) for path in logs]
            first, took = min(spans)
            found[folder.stem] = (first, took)
        return [(name, took) for name, (_, took) in sorted(found.items(), key=lambda item: item[1])]

    def begun(self) -> dict[tuple[str, Path], int]:
        """Kinds and logs of all jobs that have begun, and when those were last written to."""
        found = {}
        for path in self.logs.rglob("*.log"):
            with suppress(FileNotFoundError):
                found[Path(path.relative_to(self.logs).parts[0]).stem, path] = path.stat().st_mtime_ns
        return found

    def jobs_of(self, kind: str) -> set[Path]:
        """Logs of the jobs of a kind that have begun."""
        whole = self.logs / f"{kind}.log"
        return {whole} if whole.is_file() else set((self.logs / kind).rglob("*.log"))


def _span(log: Path) -> tuple[float, float]:
    times = [
        time.mktime(time.strptime(line[:19], "%Y-%m-%d %H:%M:%S")) + int(line[20:23]) / 1000
        for line in log.read_text().splitlines()
        if line[:2] == "20"
    ]
    return times[0], times[-1] - times[0]
