"""An exported run is whole: tidy tables with every column explained, in a crate that its profiles accept."""

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from crates import Crate
from test_compare import RUN, records, write_run
from typer.testing import CliRunner

from shiftpress.cli import app
from shiftpress.core.storage import write_artefact
from shiftpress.exporting.metrics import DESCRIBED, describe
from shiftpress.reporting.origin import code_files

ROOT = Path(__file__).parents[2]
JOBS = [
    {"rule": rule, "about": "d/a/seeds0-2", "wall_s": 2.0, "cpu_s": 1.5, "memory_mb": memory, "ended": ended}
    for rule, memory, ended in (
        ("score_codec", None, "2026-01-01T00:00:05+00:00"),
        ("train_codec", 90.5, "2026-01-01T00:00:03+00:00"),
    )
]


def small_project(root: Path) -> None:
    """A small project in the current folder, in which a run has ended."""
    files = ("Snakefile", "params.yaml", "pyproject.toml", "LICENSE", "claims/p.yaml", "src/a.py", "report/a.j2")
    scripts = [f"workflow/scripts/{job['rule']}.py" for job in JOBS]
    for name in (*files, *scripts, "requirements/lock.txt", "tiers/t.yaml", "src/__pycache__/a.pyc"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n")
    code = {path.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in code_files()}
    data = {"d": {"title": "Digits", "origin": "here", "citation": "c", "licence": "l", "pixels_sha256": {"test": "x"}}}
    about = {"code": code, "jobs": JOBS, "data": data, "described": "2026-01-01T00:00:09+00:00"}
    folder = write_run(root / "results/t", records(), **about)
    write_artefact(folder / "report/index.html", b"<p>", "me")


def export():
    return CliRunner().invoke(app, ["export", "--tier", "t", "-o", "out"])


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small_project(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """What was exported of it; shared, so nobody may change it."""
    root = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        small_project(root)
        done = export()
    assert done.exit_code == 0, done.stderr
    return root / "out"


def test_the_crate_is_what_its_profiles_ask_for(exported):
    assert Crate(exported).problems() == []


def test_the_crate_tells_every_job_and_when_it_began(exported):
    crate = Crate(exported)
    job = crate.entities["#job-train_codec-d-a-seeds0-2"]
    assert (job["startTime"], job["endTime"]) == ("2026-01-01T00:00:01+00:00", "2026-01-01T00:00:03+00:00")
    assert crate.entities["#run-t"]["startTime"] == "2026-01-01T00:00:01+00:00"
    used = {entity["@id"]: entity["value"] for entity in crate.of("PropertyValue")}
    assert used["#memory_mb-train_codec-d-a-seeds0-2"] == "90.5"
    assert "#memory_mb-score_codec-d-a-seeds0-2" not in used, "what was not measured is not said"
    assert crate.entities["#data-d"]["identifier"] == "test sha256:x"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda e: e["#run-t"].pop("instrument"), "#run-t has no instrument"),
        (lambda e: e["./"].pop("license"), "the root has no license"),
        (lambda e: e["./"]["hasPart"].pop(), "is no part of the root"),
        (lambda e: e["Snakefile"].pop("output"), "output of the workflow are no formal parameters"),
        (lambda e: e["records.csv"].update(sha256="0" * 64), "records.csv has another digest"),
        (lambda e: e["#step-train_codec"].pop("workExample"), "#step-train_codec has no tool"),
        (lambda e: e["#organised"].update(object=[]), "#organised organised nothing"),
        (lambda e: e["#parameter-claims"].pop("additionalType"), "lacks its type or example"),
        (lambda e: e["./"]["mentions"].pop(), "the root does not mention the run and every job"),
        (lambda e: e["LICENSE"].update({"@id": "LICENCE"}), "LICENCE is not there"),
    ],
)
def test_the_check_finds_what_is_wrong_with_a_crate(exported, tmp_path, damage, said):
    path = shutil.copytree(exported, tmp_path / "copy") / "ro-crate-metadata.json"
    text = json.loads(path.read_bytes())
    damage({entity["@id"]: entity for entity in text["@graph"]})
    path.write_text(json.dumps(text))
    problems = Crate(path.parent).problems()
    assert any(said in problem for problem in problems), problems


def test_tables_are_tidy_and_every_column_is_in_the_dictionary(exported):
    names = ("records", "claims", "comparisons", "effects", "metrics", "dictionary")
    tables = {name: pd.read_csv(exported / f"{name}.csv") for name in names}
    explained = tables["dictionary"]
    assert explained.notna().all().all() and not explained.duplicated(["table", "column"]).any()
    for name, table in tables.items():
        assert explained[explained.table == f"{name}.csv"].column.tolist() == table.columns.tolist()
        assert not table.astype(str).apply(lambda column: column.str.contains(r"[\[{]")).any().any(), "no nested cells"
    assert len(tables["records"]) == 54 and tables["records"].equals(pd.read_csv(exported / "records.csv"))
    pd.testing.assert_frame_equal(pd.read_parquet(exported / "records.parquet"), records())


def test_effects_by_seed_are_those_of_the_claims(exported):
    claims, effects = (pd.read_csv(exported / f"{name}.csv") for name in ("claims", "effects"))
    one = effects[effects.claim == "X-1"]
    assert one.run_seed.tolist() == [0, 1, 2] and one.comparison.tolist() == [1, 1, 1]
    row = claims[claims.id == "X-1"].iloc[0]
    assert one.effect_of_seed.mean() == pytest.approx(row.effect) == pytest.approx(-2.1)
    assert (row.low, row.high) == pytest.approx((-2.1 - 4.302653 * 0.1 / 3**0.5, -2.1 + 4.302653 * 0.1 / 3**0.5))
    assert row.reported_known == "read" and row.verdict == "SUPPORTED"


def test_metrics_are_explained_with_parts_of_maps_as_one(exported):
    metrics = pd.read_csv(exported / "metrics.csv").set_index("metric")
    assert metrics.index.tolist() == ["distortion_se", "error/*", "rate_bits"]
    assert metrics.loc["error/*", "records"] == 18 and "frequency" in metrics.loc["error/*", "meaning"]


def test_every_metric_of_the_smoke_tier_is_described():
    expected = json.loads((ROOT / "tests/expected/smoke.json").read_text())
    names = {
        metric
        for phase, datasets in expected.items()
        if phase != "claims"
        for models in datasets.values()
        for metrics in models.values()
        for metric in metrics
    }
    assert len(names) > 40
    for name in (*names, "error/1/-2", "kept/00/conv0", "card/a/b", "unreliable/clean", "robust_beside/soft_gate"):
        assert all(describe(name)), name
    with pytest.raises(KeyError):
        describe("nobody_knows")


def test_no_description_is_hidden_behind_another():
    for pattern, described in DESCRIBED.items():
        assert describe(pattern.replace("*", "x")) == described


def test_other_code_than_the_runs_own_is_not_exported(project):
    (project / "src/a.py").write_text("changed\n")
    done = export()
    assert done.exit_code == 2 and "1 files differ, src/a.py for one" in done.stderr and not (project / "out").exists()


def test_nothing_is_written_over(project):
    (project / "out").mkdir()
    (project / "out/mine.txt").touch()
    done = export()
    assert done.exit_code == 2 and "is there already and not empty" in done.stderr
    assert [path.name for path in (project / "out").iterdir()] == ["mine.txt"]


def test_only_what_belongs_to_the_project_is_taken(exported):
    assert (exported / "src/a.py").is_file() and not (exported / "src/__pycache__").exists()
    assert (exported / "workflow/scripts/train_codec.py").read_text() == "workflow/scripts/train_codec.py\n"
    assert RUN["schema"] in (exported / "run.json").read_text()
