"""`dvc repro` makes the bytes that `snakemake` makes, and says what a change has moved."""

import json
from pathlib import Path

import pytest
import yaml
from faults.project import LAYERS
from projects import BIN, commit, copy_project, planned, run

from shiftpress.core.layers import read_layers

pytestmark = pytest.mark.slow(minutes=4)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A clone whose params.yaml is the tiny tier under the laptop's name, as dvc.yaml expects."""
    target = copy_project(tmp_path_factory.mktemp("dvc") / "project")
    small = read_layers([str(target / name) for name in ("params.yaml", *LAYERS)]).data
    small["run"]["tier"] = "laptop"
    (target / "params.yaml").write_text(yaml.safe_dump(small))
    commit(target, "small")
    return target


TIMED = {"index.html", "made.json", "run.json"}


def dvc(*args: str, cwd):
    return run(BIN / "dvc", *args, cwd=cwd).stdout


def moved(repository: Path, *args: str) -> dict:
    """What `dvc metrics diff` shows of one file: old and new by name."""
    ((_, changes),) = json.loads(dvc("metrics", "diff", "--json", *args, cwd=repository)).items()
    return changes


def ran(said: str) -> list[str]:
    return [line.split("'")[1] for line in said.splitlines() if line.startswith("Running stage")]


def artefacts(root: Path) -> dict[str, str]:
    """Recorded digests of every artefact; but some tell the time, and the claims name the tier."""
    found = {}
    for path in root.rglob("*.json"):
        facts = json.loads(path.read_bytes())
        timed = path.stem in TIMED or path.stem.endswith(".latency.json")
        if isinstance(facts, dict) and "sha256" in facts and not timed and path.stem != "claims.json":
            found[str(path.relative_to(root))] = facts["sha256"]
    return found


def verdicts(root: Path) -> list[dict]:
    """All that the claims say, but for the tier, its commits, and where records that this tier lacks are made."""
    claims = json.loads((root / "claims.json").read_bytes())
    for claim in claims:
        assert claim.pop("tier") == root.name and claim.pop("registered")["commit"]
        if claim["verdict"] == "NOT RUN":
            claim["reason"] = claim["reason"].rsplit(";", 1)[0]
    return claims


def test_dvc_and_snakemake_agree_from_clone_to_change(repository, finished_tiny):
    stages = ["data", "codecs", "shifts", "cards", "decks", "atmc", "edge", "evaluate", "report"]
    assert ran(dvc("repro", cwd=repository)) == stages
    assert planned(repository, "all") == {}
    ours, theirs = repository / "results/laptop", finished_tiny.results
    assert artefacts(ours) == artefacts(theirs) and len(artefacts(ours)) >= 19
    assert verdicts(ours) == verdicts(theirs)

    dvc("commit", "--force", "--quiet", cwd=repository)  # make record
    assert "up to date" in dvc("status", cwd=repository)
    commit(repository, "results")

    params = repository / "params.yaml"
    changing = yaml.safe_load(params.read_text())
    changing["pruners"]["lrr"]["sparsities"] = [0.5, 0.8]
    params.write_text(yaml.safe_dump(changing))
    assert ran(dvc("repro", "cards", cwd=repository)) == ["cards"]
    assert set(ran(dvc("repro", cwd=repository))) == {"decks", "evaluate", "report"}
    changed = json.loads(dvc("params", "diff", "--json", cwd=repository))["params.yaml"]
    assert changed == {"pruners.lrr.sparsities": {"old": "[0.5, 0.9]", "new": "[0.5, 0.8]"}}
    headline, keys = moved(repository), moved(repository, "--targets", "results/laptop/metrics.json")
    for changes in (headline, keys):
        found = {key.split(".")[0] for key in changes}
        assert "cards" in found and not {"codecs", "edge", "atmc"} & found
    assert "convs/clean/lrr/80" in "".join(keys) and "fixed10" not in "".join(keys)
