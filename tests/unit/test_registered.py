"""A claim is dated by the last commit that changed it, and flagged if its effect could be seen before."""

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from shiftpress.claims.model import Ledger
from shiftpress.claims.registered import Registry
from shiftpress.claims.verdict import judge
from shiftpress.core.history import stamp
from shiftpress.core.made import first_made
from shiftpress.core.records import Record
from shiftpress.core.storage import write_artefact
from shiftpress.core.yamlfile import read_yaml
from shiftpress.reporting.board import claim_files

CLAIMS = """\
# About the paper.
paper: P
title: T
groups:
  both: [u, v]
claims:
  X-1:
    statement: >-
      It rises
      twofold.
    place: here
    phase: codecs
    metric: distortion_se
    effect: ratio
    unit: times
    arm: {model: a/robust, shifts: [both]}
    baseline: {model: a/erm, shifts: [both]}
    above: 1
    reported: {text: more, known: read}

  X-2:
    statement: It rises.
    place: there
    phase: codecs
    metric: distortion_se
    effect: ratio
    unit: times
    arm: {model: a/robust, shifts: [u]}
    baseline: {model: a/erm, shifts: [u]}
    # the margin
    above: 2
    reported: {text: more, known: read}
"""
START = datetime(2026, 1, 1, tzinfo=UTC)
ARM, BASE = ("codecs", "d", "a/robust"), ("codecs", "d", "a/erm")


class Repository:
    """A claim file whose commits are hours apart."""

    def __init__(self, root: Path):
        self.root, self.hour = root, 0
        self.git("init", "-q")

    @property
    def file(self) -> Path:
        return self.root / "claims.yaml"

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
        date = {"GIT_COMMITTER_DATE": self.at(self.hour), "GIT_AUTHOR_DATE": self.at(self.hour)}
        env = {**os.environ, **date}
        return subprocess.run(
            ["git", *who, *words], cwd=self.root, env=env, capture_output=True, check=True, text=True
        ).stdout

    def at(self, hour: float) -> str:
        return stamp(START + timedelta(hours=hour))

    def commit(self, text: str) -> str:
        self.file.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change")
        self.hour += 1
        return self.git("rev-parse", "HEAD").strip()


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path)


def made(repository: Repository, **hours: float) -> list[dict[str, str]]:
    models = {"arm": ARM, "base": BASE}
    return [
        dict(zip(("phase", "dataset", "model"), models[name], strict=True)) | {"first": repository.at(hour)}
        for name, hour in hours.items()
    ]


def test_a_claim_is_dated_by_the_commit_that_last_changed_it(repository):
    first = repository.commit(CLAIMS)
    second = repository.commit(CLAIMS.replace("above: 2", "above: 3"))
    third = repository.commit(CLAIMS.replace("above: 2", "above: 3").replace("# About", "# Much about"))
    registry = Registry([repository.file], made(repository, arm=9, base=9))
    one, two = (registry.of(name, [[ARM, BASE]]) for name in ("X-1", "X-2"))
    assert (one.commit, one.changed) == (first, repository.at(0))
    assert (two.commit, two.changed) == (second, repository.at(1))
    assert one.file_commit == two.file_commit == third, "the comment changed the file and no claim"
    assert one.late is two.late is False
    assert registry.of("X-9", []) is None


def test_a_change_back_is_a_change(repository):
    repository.commit(CLAIMS)
    repository.commit(CLAIMS.replace("above: 2", "above: 3"))
    back = repository.commit(CLAIMS)
    assert Registry([repository.file]).of("X-2", []).commit == back


def test_a_group_that_a_claim_names_is_part_of_it(repository):
    first = repository.commit(CLAIMS)
    second = repository.commit(CLAIMS.replace("both: [u, v]", "both: [u, w]"))
    registry = Registry([repository.file])
    assert registry.of("X-1", []).commit == second and registry.of("X-2", []).commit == first


@pytest.mark.parametrize(
    ("hours", "late"),
    [
        ({"arm": 5, "base": 5}, False),
        ({"arm": 5, "base": 0.5}, False),  # an old baseline says nothing about a new arm
        ({"arm": 0.5, "base": 0.5}, True),
        ({"arm": 0.5}, False),  # without the baseline there was no effect to see
        ({}, None),
    ],
)
def test_a_claim_changed_after_its_effect_could_be_seen_is_late(repository, hours, late):
    repository.commit(CLAIMS)
    repository.commit(CLAIMS.replace("above: 2", "above: 3"))
    registry = Registry([repository.file], made(repository, **hours))
    assert registry.of("X-2", [[ARM, BASE]]).late is late
    assert registry.of("X-2", [[("codecs", "d", "a/other")], [ARM, BASE]]).late is late, "any of its effects"


def test_what_is_in_no_commit_was_changed_when_its_file_was(repository):
    repository.commit(CLAIMS)
    repository.file.write_text(CLAIMS.replace("above: 2", "above: 3"))
    registry = Registry([repository.file], made(repository, arm=5, base=5))
    found = registry.of("X-2", [[ARM, BASE]])
    assert found.commit is found.changed is found.file_commit is None and found.late is True
    assert registry.of("X-1", [[ARM, BASE]]).commit and not registry.of("X-1", [[ARM, BASE]]).late


def test_without_a_history_nothing_is_said(tmp_path):
    file = tmp_path / "claims.yaml"
    file.write_text(CLAIMS)
    found = Registry([file], [{"phase": "codecs", "dataset": "d", "model": "m", "first": "2026-01-01T00:00:00+00:00"}])
    assert found.of("X-1", []).model_dump() == {
        "file": file.as_posix(), "commit": None, "changed": None, "file_commit": None, "late": None
    }  # fmt: skip


def test_a_shallow_history_is_none(repository, tmp_path):
    repository.commit(CLAIMS)
    repository.commit(CLAIMS.replace("above: 2", "above: 3"))
    repository.git("clone", "-q", "--depth", "1", f"file://{repository.root}", "copy")
    assert Registry([repository.root / "copy/claims.yaml"]).of("X-1", []).commit is None


def test_records_are_dated_by_the_oldest_file_of_their_model(tmp_path):
    def record(model: str, seed: int) -> Record:
        return Record(
            phase="codecs", dataset="d", model=model, shift="s", severity=0, source="regenerated", seed=seed,
            metric="m", value=1, n=1, fingerprint="f",
        )  # fmt: skip

    for name, hour in (("old", 1), ("new", 2)):
        write_artefact(tmp_path / name, b"", "p")
        os.utime(tmp_path / name, (hour * 3600, hour * 3600))
    files = {str(tmp_path / "new"): [record("a", 1), record("b", 1)], str(tmp_path / "old"): [record("a", 0)]}
    assert [(row["model"], row["first"]) for row in first_made(files)] == [
        ("a", "1970-01-01T01:00:00+00:00"),
        ("b", "1970-01-01T02:00:00+00:00"),
    ]


def test_the_verdict_says_when_its_claim_was_written_down(repository):
    commit = repository.commit(CLAIMS)
    ledger = Ledger.model_validate(read_yaml(repository.file).data)
    rows = [
        ("codecs", "d", model, shift, 1.0, seed, "distortion_se", value + seed / 10)
        for model, value in (("a/robust", 3.0), ("a/erm", 1.0))
        for shift in ("u", "v")
        for seed in range(3)
    ]
    scores = pd.DataFrame(rows, columns=["phase", "dataset", "model", "shift", "severity", "seed", "metric", "value"])
    registry = Registry([repository.file], made(repository, arm=-1, base=-1))
    one, two = judge([ledger], scores, "smoke", registry)
    assert one["registered"]["commit"] == two["registered"]["commit"] == commit
    assert one["registered"]["late"] and two["registered"]["late"], "both arms were there before the file"
    assert one["parts"][0]["seeds"] == [0, 1, 2] and one["parts"][0]["values"] == pytest.approx(
        [3.0, 3.1 / 1.1, 3.2 / 1.2]
    )
    assert judge([ledger], scores, "smoke")[0]["registered"] is None


def test_the_report_names_the_commit_of_every_claim_file():
    said = {"file": "claims/a.yaml", "commit": "c1", "changed": "t", "file_commit": "c2", "late": False}
    rows = [
        {"paper": "A", "registered": said},
        {"paper": "A", "registered": said | {"late": True}},
        {"paper": "B", "registered": said | {"file": "claims/b.yaml", "file_commit": None, "late": None}},
        {"paper": "B", "registered": None},
    ]
    assert claim_files(rows) == [
        {"file": "claims/a.yaml", "paper": "A", "commit": "c2", "claims": 2, "late": 1},
        {"file": "claims/b.yaml", "paper": "B", "commit": None, "claims": 1, "late": 0},
    ]


def test_a_claim_is_dated_by_what_decides_for_all_of_the_file_too(repository):
    first = repository.commit(CLAIMS)
    second = repository.commit(CLAIMS.replace("claims:", "apart: [a/half]\n\nclaims:", 1))
    registry = Registry([repository.file], made(repository, arm=9, base=9))
    assert {registry.of(name, [[ARM, BASE]]).commit for name in ("X-1", "X-2")} == {second} != {first}
