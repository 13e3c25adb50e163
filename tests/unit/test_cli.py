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
    "reason": "R",
    "tier": "laptop",
    "registered": None,
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
    said = verb("claims").stdout
    assert "C-1    SUPPORTED     1.50 points, 95 % interval 1.00 to 2.00 (n=3): S." in said
    assert "laptop tier: 1 SUPPORTED" in said


def test_verdicts_never_fail_unless_one_is_required(verb, tmp_path):
    refuted = ROW | {"id": "C-2", "verdict": "REFUTED", "registered": {"late": True}}
    absent = ROW | {"id": "C-3", "verdict": "NOT RUN", "effect": None, "interval": None, "n": 0}
    write_json(tmp_path / "results/laptop/claims.json", [ROW, refuted, absent], "me")
    done = verb("claims")
    assert done.exit_code == 0 and "S. [changed after its records were made]" in done.stdout
    assert "C-3    NOT RUN       (R): S." in done.stdout
    assert verb("claims", "--require", "C-1=SUPPORTED", "--require", "C-3=not_run").exit_code == 0
    done = verb("claims", "--require", "C-1=SUPPORTED", "--require", "C-2=SUPPORTED")
    assert done.exit_code == 1 and done.stderr == "C-2 is REFUTED, required is SUPPORTED: R (laptop tier)\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("C-9=SUPPORTED", "there is no claim 'C-9'"),
        ("C-1=SUPORTED", "Did you mean 'SUPPORTED'?"),
        ("C-1", "no verdict"),
    ],
)
def test_a_requirement_that_makes_no_sense_is_a_mistake(verb, tmp_path, words, said):
    write_json(tmp_path / "results/laptop/claims.json", [ROW], "me")
    done = verb("claims", "--require", words)
    assert done.exit_code == 2 and said in done.stderr


def test_verify_finds_damage(verb, tmp_path):
    write_artefact(tmp_path / "results/laptop/a.bin", b"1", "me")
    assert verb("verify").stdout == "1 artefacts are as recorded.\n"
    (tmp_path / "results/laptop/a.bin").write_bytes(b"2")
    done = verb("verify")
    assert done.exit_code == 2 and "a.bin: it is not what was recorded" in done.stderr
