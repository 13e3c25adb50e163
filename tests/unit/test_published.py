"""What is kept of a finished run stands beside the code, sound, and the pages tell what it says."""

import json
import re
from pathlib import Path

import pytest
from test_compare import records, write_run
from test_export import small_project
from typer.testing import CliRunner

from shiftpress.claims.headline import RULE, clearness, every, found, headline, telling
from shiftpress.cli import app
from shiftpress.core.storage import read_artefact, sidecar, write_json
from shiftpress.exporting.publishing import KEPT
from shiftpress.reference import PUBLISHED
from shiftpress.reporting.provenance import in_full, in_short
from shiftpress.reporting.received import run_of

ROOT = Path(__file__).parents[2]


def row(name: str, verdict: str = "SUPPORTED", effect: float | None = 4.0, half: float = 1.0, **other) -> dict:
    interval = None if effect is None else [effect - half, effect + half]
    part = {"name": other.get("condition", ""), "reported": {"value": -1.5, "text": "less", "known": "read"}}
    about = {"id": name, "paper": "P", "verdict": verdict, "effect": effect, "interval": interval, "n": 5 * (half > 0)}
    whole = {"kind": "difference", "unit": "points", "above": 0.0, "below": None, "within": None, "condition": ""}
    rest = {"family": "f", "registered": None, "statement": f"{name} holds.", "reason": "no records of a; the b tier"}
    return about | whole | rest | {"parts": [part]} | other


def test_the_clearest_of_the_decided_claims_are_told():
    undecided = row("I", "INCONCLUSIVE", 90.0)
    sizes, exact = row("M", effect=99.0, family="memory"), row("E", half=0.0)
    # 4, 8, 2 and 6 half-widths from their thresholds
    rows = [undecided, sizes, exact, row("A"), row("B", half=0.5), row("C", effect=2.0), row("D", "REFUTED", -6.0)]
    assert [one["id"] for one in telling(rows)] == ["B", "D", "A"]
    assert [clearness(one) for one in telling(rows)] == [8, 6, 4] and clearness(exact) is None


def test_factors_are_weighed_by_their_logarithms_and_bands_by_their_nearest_edge():
    factor = row("F", effect=4.0, kind="ratio", above=1.0) | {"interval": [2.0, 8.0]}
    assert clearness(factor) == pytest.approx(2)
    band = row("W", effect=0.4, half=0.1, above=None, within=[-0.5, 0.5])
    assert clearness(band) == pytest.approx(1)


def test_a_paper_has_its_counts_and_its_seeds():
    rows = [row("A"), row("B", "REFUTED", -6.0), row("C", "NOT RUN", None, 0.0), row("D", paper="Q")]
    lines = headline(rows).splitlines()
    assert lines[0] == "| paper | supported | refuted | inconclusive | not run | seeds | most telling effects |"
    assert lines[2].startswith(
        "| P | 1 | 1 | 0 | 1 | 5 | **B** *B holds.* Refuted; −6.00 points (−7.00 to −5.00); −1.5 "
    )
    assert lines[3].startswith("| Q | 1 | 0 | 0 | 0 | 5 |") and lines[-1] == RULE
    assert "| unreliable |" in headline([row("A", "UNRELIABLE")])


def test_every_claim_has_a_line_that_says_what_was_found_or_who_would():
    one = row("A", condition="radius 12", kind="ratio", registered={"late": True})
    first, last = every([one, row("C", "NOT RUN", None, 0.0)]).splitlines()[2:]
    assert first.startswith(
        "| A | SUPPORTED, changed after its records | radius 12: 4.000 points (3.000 to 5.000); −1.5 "
    )
    assert last == "| C | NOT RUN | the b tier | C holds. |"
    assert found(row("Z", effect=-0.001)).startswith("0.00 points")


@pytest.fixture
def finished(tmp_path, monkeypatch):
    """A small project in which a run has ended."""
    monkeypatch.chdir(tmp_path)
    small_project(tmp_path)
    write_json(tmp_path / "results/t/made.json", [], "me", "statistical")
    return tmp_path


def publish():
    return CliRunner().invoke(app, ["publish", "--tier", "t", "-o", "docs/kept"])


def test_a_published_run_is_whole_and_differs_from_its_original_in_nothing(finished):
    done = publish()
    assert done.exit_code == 0, done.stderr
    files = {path.relative_to("docs/kept").as_posix() for path in Path("docs/kept").rglob("*") if path.is_file()}
    assert files == {*KEPT, *map(sidecar, KEPT)}
    for name in KEPT:
        assert read_artefact(f"docs/kept/{name}") == Path("results/t", name).read_bytes()
    compared = CliRunner().invoke(app, ["compare", "t", "docs/kept"])
    assert compared.exit_code == 0 and "0 of 1" not in compared.output, compared.output


def test_a_run_that_nobody_could_repeat_is_not_published(finished):
    about = json.loads(Path("results/t/run.json").read_text())
    write_run(finished / "results/t", records(), **about | {"commit": "abc-dirty"})
    done = publish()
    assert done.exit_code == 2 and "abc-dirty" in done.stderr and not Path("docs").exists()
    write_run(finished / "results/t", records(), **about)
    Path("src/a.py").write_text("other\n")
    done = publish()
    assert done.exit_code == 2 and "src/a.py" in done.stderr and not Path("docs").exists()


def test_what_is_damaged_is_not_published(finished):
    Path("results/t/scores.parquet").write_bytes(b"PAR1")
    done = publish()
    assert done.exit_code == 2 and "scores.parquet" in done.stderr and not Path("docs").exists()


def test_a_page_says_which_run_it_was():
    job = {"rule": "r", "wall_s": 60.0, "cpu_s": 1800.0, "memory_mb": 900.4, "ended": "2026-01-01T10:31:00+00:00"}
    run = {
        "tier": "t", "described": "2026-01-01T10:32:00+00:00", "commit": "abc", "packages": {"torch": "2.0"},
        "settings": {"run": {"seeds": [0, 1]}}, "jobs": [job, job | {"cpu_s": None, "memory_mb": None}],
        "machine": {"processor": "one", "cores": "2", "system": "Linux", "python": "3.12"},
        "data": {"d": {"title": "Digits", "images": {"test": 500, "train": 4000, "val": 50}}},
    }  # fmt: skip
    assert in_short(run) == (
        "Tier `t`, 2 seeds, Digits (`d`: 4,000 train, 50 val, 500 test); made at commit `abc` on 2026-01-01."
    )
    for words in ("2, 0.50 hours", "2026-01-01 10:30 to 10:31 UTC", "900 MB", "torch 2.0, snakemake unknown"):
        assert words in in_full(run)


def test_the_run_that_the_readme_tells_is_whole_and_of_a_commit():
    """That the pages say what its claims do, test_reference.py sees."""
    folder = ROOT / PUBLISHED
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {"README.md", *KEPT, *map(sidecar, KEPT)}
    for name in KEPT:
        read_artefact(folder / name)
    run = run_of(folder)
    assert re.fullmatch("[0-9a-f]{12}", run["commit"]) and Path(ROOT, f"tiers/{run['tier']}.yaml").is_file()
    assert sum(path.stat().st_size for path in folder.rglob("*")) < 20e6
