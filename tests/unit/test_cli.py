"""The verbs say what they found, and mistakes end with code 2 and no traceback."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shiftpress.cli import app
from shiftpress.core.storage import write_artefact, write_json

ROOT = Path(__file__).parents[2]
ROW = {
    "id": "C-1",
    "verdict": "SUPPORTED",
    "effect": 1.5,
    "unit": "points",
    "interval": [1, 2],
    "n": 3,
    "statement": "S.",
}


@pytest.fixture
def verb(tmp_path, monkeypatch):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, list(words))


def test_check_counts_what_it_found(verb, tmp_path):
    assert verb("check").exit_code == 0
    (tmp_path / "tier.yaml").write_text("run: {sed: 1}\n")
    done = verb("check", "tier.yaml")
    assert done.exit_code == 2 and "tier.yaml:1: run.sed: unknown key" in done.stderr
    assert "1 mistake found; nothing was run." in done.stderr


def test_claims_are_printed_or_their_absence_is(verb, tmp_path):
    done = verb("claims")
    assert done.exit_code == 2 and "Has the tier been run?" in done.stderr
    write_json(tmp_path / "results/laptop/claims.json", [ROW], "me")
    assert "C-1    SUPPORTED     1.50 points, 95 % interval 1.00 to 2.00 (n=3): S." in verb("claims").stdout


def test_verify_finds_damage(verb, tmp_path):
    write_artefact(tmp_path / "results/laptop/a.bin", b"1", "me")
    assert verb("verify").stdout == "1 artefacts are as recorded.\n"
    (tmp_path / "results/laptop/a.bin").write_bytes(b"2")
    done = verb("verify")
    assert done.exit_code == 2 and "a.bin is not what was recorded" in done.stderr
