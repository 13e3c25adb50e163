"""Snakemake and DVC beside each other: after each command, what each of them calls stale is what is stale.

Snakemake is asked by job, DVC by phase. DVC compares bytes with what was recorded: a phase that has run and was not
recorded is stale to it, and so is every phase that reads another which has changed, even where no job follows from it
(images can be shifted by codecs; here none are). What DVC calls up to date, Snakemake must call so too.
"""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import warmed
import yaml
from projects import BIN, commit, copy_project, environment, jobs_in, run

from shiftpress.core.layers import read_layers

pytestmark = pytest.mark.slow(minutes=2)

TINY = """
run: {tier: laptop, seeds: [0], seeds_per_job: 1}
fit: {codecs: {epochs: 1}, cards: {epochs: 1}}
datasets: {mnist5k: {limit: 64}}
codecs: {fixed10: {width: 4}}
classifiers: {convs: {width: 0.25}}
pruners: {lrr: {sparsities: [0.5]}}
formats: {jpeg: [50], webp: []}
analysis: {gate_images: 16, stream_images: 16, slope_images: 8, margin_images: 4, frequency_images: 8}
budgets: {bytes: []}
decks: {tiny: {cards: [convs/clean/dense], copies: 1}}
study: {shifts: [clean, noise], compressed_under: all, codecs: [fixed10], objectives: [erm], augmentations: [clean],
  classifiers: [convs], pruners: [lrr], compressors: [], compressed: [], edge: [], attacks: [], gates: [uniform],
  decks: [tiny], decks_under: all}
"""
PHASES = ["atmc", "cards", "codecs", "data", "decks", "edge", "evaluate", "report", "shifts"]
RAW = ["data/pointers/mnist5k.dvc", "data/pointers/uci_digits.dvc"]
TAIL = {"collect_scores": 1, "judge_claims": 1, "render_report": 1, "describe_run": 1}
CODEC = {"train_codec": 1, "score_codec": 1, **TAIL}
SCORED = {"score_codec": 1, **TAIL}
CARD = {"prune_card": 1, "score_card": 1, **TAIL}
LRR = "src/shiftpress/pruners/lrr.py"


class Place:
    """A repository that is moved from one state to the next; and a clone of it, later."""

    def __init__(self, root: Path):
        self.here, self.first = copy_project(root / "project"), ""
        layers = [str(self.here / "params.yaml"), str(root / "tiny.yaml")]
        (root / "tiny.yaml").write_text(TINY)
        (self.here / "params.yaml").write_text(yaml.safe_dump(read_layers(layers).data))
        commit(self.here, "tiny")

    def run(self, *words: str) -> str:
        done = run(BIN / words[0] if (BIN / words[0]).exists() else words[0], *words[1:], cwd=self.here)
        return done.stdout + done.stderr

    def param(self, section: str, name: str, field: str, value: object) -> None:
        path = self.here / "params.yaml"
        params = yaml.safe_load(path.read_text())
        params[section][name][field] = value
        path.write_text(yaml.safe_dump(params))

    def comment(self, file: str) -> None:
        path = self.here / file
        path.write_text(path.read_text() + "# a change\n")

    def record(self) -> None:
        """Record, without setting up the environment; and commit."""
        self.run("make", "-o", "setup", "record", f"VENV={BIN.parent}")
        commit(self.here, "results")

    def record_first(self) -> None:
        self.record()
        self.first = self.run("git", "rev-parse", "HEAD").strip()

    def kill(self) -> None:
        """Kill a run, with all its jobs, as soon as it prunes."""
        log = next((self.here / "logs").rglob("prune_card/**/*.log"))
        log.unlink()
        command = [str(BIN / "snakemake"), "--cores", "1", "--quiet"]
        going = warmed.start(command, self.here, environment(self.here), alone=True)
        while not log.exists() and going.poll() is None:
            time.sleep(0.01)
        os.killpg(going.pid, signal.SIGKILL)
        assert going.wait() == -signal.SIGKILL
        self.run("snakemake", "--unlock")

    def experiment(self) -> None:
        """Try a param; the table of experiments shows it with its headline numbers."""
        self.run("dvc", "exp", "run", "-S", "pruners.lrr.sparsities=[0.8]")
        _, shown = json.loads(run(BIN / "dvc", "exp", "show", "--json", cwd=self.here).stdout)
        (tried,) = (one["revs"][0]["data"] for one in shown["experiments"])
        before, after = (data["metrics"]["results/laptop/headline.json"]["data"] for data in (shown["data"], tried))
        assert tried["params"]["params.yaml"]["data"]["pruners"]["lrr"]["sparsities"] == [0.8]
        assert after["cards"] != before["cards"] and after["codecs"] == before["codecs"]

    def go_to(self, commit: str) -> None:
        self.run("git", "checkout", "--quiet", commit)
        self.run("dvc", "checkout", "--quiet")
        self.run("shiftpress", "restore")

    def clone(self) -> None:
        """Go on in a fresh clone that pulls what this one pushes."""
        self.run("dvc", "push", "--quiet")
        there = self.here.with_name("clone")
        self.run("git", "clone", "--quiet", ".", str(there))
        self.here, remote = there, self.here / ".dvc-remote"
        self.run("dvc", "remote", "modify", "--local", "local", "url", str(remote))
        self.run("dvc", "pull", "--quiet")

    def damage(self) -> None:
        (weights,) = (self.here / "results/laptop/codecs").rglob("*.safetensors")
        data = bytearray(weights.read_bytes())
        data[-1] ^= 1
        weights.unlink()  # it may be a link into the cache
        weights.write_bytes(data)
        done = run(BIN / "shiftpress", "verify", cwd=self.here, check=False)
        assert done.returncode == 2 and str(weights.relative_to(self.here)) in done.stderr


class Row(NamedTuple):
    done: str
    how: Callable[[Place], object]
    snakemake: dict[str, int]
    dvc: list[str]


# fmt: off
TABLE = [
    Row("snakemake", lambda p: p.run("snakemake", "--cores", "1"), {}, sorted([*RAW, *PHASES])),
    Row("make record", lambda p: p.record_first(), {}, []),
    Row("params edit", lambda p: p.param("fit", "codecs", "lr", 0.003), CODEC, ["codecs"]),
    Row("dvc repro codecs", lambda p: p.run("dvc", "repro", "codecs"), SCORED, ["evaluate", "shifts"]),
    Row("snakemake", lambda p: p.run("snakemake", "--cores", "1"), {}, ["evaluate", "report", "shifts"]),
    Row("dvc repro", lambda p: p.run("dvc", "repro"), {}, []),
    Row("git commit, code edit", lambda p: (commit(p.here, "lr"), p.comment(LRR)), CARD, ["cards"]),
    # a job's old files are removed when it starts
    Row("kill", lambda p: p.kill(), CARD, ["cards", "decks", "evaluate"]),
    Row("dvc repro cards", lambda p: p.run("dvc", "repro", "cards"), {"score_card": 1, **TAIL}, ["decks", "evaluate"]),
    Row("dvc exp run -S", lambda p: p.experiment(), {}, []),
    Row("git checkout older, dvc checkout, restore", lambda p: (commit(p.here, "exp"), p.go_to(p.first)), {}, []),
    Row("git checkout back, dvc checkout, restore", lambda p: p.go_to("-"), {}, []),
    Row("dvc push, clone, pull, restore", lambda p: (p.clone(), p.run("shiftpress", "restore")), {}, []),
    Row("damage, verify", lambda p: p.damage(), {}, ["codecs", "evaluate", "shifts"]),
    Row("restore", lambda p: p.run("shiftpress", "restore"), CODEC, ["codecs", "evaluate", "shifts"]),
    Row("dvc checkout, restore", lambda p: (p.run("dvc", "checkout"), p.run("shiftpress", "restore")), {}, []),
]
# fmt: on


def test_after_each_command_both_tools_say_what_is_stale(tmp_path, capsys):
    place, wrong = Place(tmp_path), []
    for row in TABLE:
        start = time.monotonic()
        row.how(place)
        took = time.monotonic() - start
        jobs = jobs_in(place.run("snakemake", "-n"))
        stages = sorted(json.loads(run(BIN / "dvc", "status", "--json", cwd=place.here).stdout))
        asked = time.monotonic() - start - took
        with capsys.disabled():
            print(f"\n{row.done:42} {took:5.1f} s {asked:4.1f} s  {jobs or 'nothing'}  {stages or 'nothing'}", end="")
        if (jobs, stages) != (row.snakemake, row.dvc):
            wrong.append(f"after {row.done}: {jobs} {stages}, not {row.snakemake} {row.dvc}")
    assert not wrong, "\n".join(wrong)
