"""dvc.yaml names whatever a phase's jobs depend on: DVC must not call up to date what Snakemake would make anew."""

import re
from pathlib import Path

import pytest
import yaml

from shiftpress.core.provenance import sources

ROOT = Path(__file__).parents[2]
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
RULES = {
    rule[1]: rule[2]
    for path in (ROOT / "workflow/rules").glob("*.smk")
    for rule in re.finditer(r"^rule (\w+):\n(.*?)(?=^\S|\Z)", path.read_text(), re.S | re.M)
}


def covered(path: str, deps: list[str]) -> bool:
    return any(path == dep or path.startswith(f"{dep}/") for dep in deps)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_all_code_of_its_rules(stage):
    deps = STAGES[stage]["deps"]
    for script in (path for path in deps if path.startswith("workflow/scripts/")):
        asked = re.search(r'code\("\w+"((?:,\s*"\w+")*)', RULES[Path(script).stem])
        families = [f"src/shiftpress/{family}" for family in re.findall(r'"(\w+)"', asked[1])]
        used = {str(Path(path).relative_to(ROOT)) if Path(path).is_absolute() else path for path in sources(script)}
        assert [path for path in [*sorted(used), *families] if not covered(path, deps)] == []


def test_every_script_belongs_to_a_stage():
    named = {Path(path).stem for stage in STAGES.values() for path in stage["deps"] if "/scripts/" in path}
    # bytes of raw files are decided by their pointers and digests, whatever fetches them
    assert named == {path.stem for path in (ROOT / "workflow/scripts").glob("*.py")} - {"fetch_data"}


def test_every_stage_asks_snakemake_for_its_own_phase_and_keeps_what_is_there():
    for name, stage in STAGES.items():
        assert re.search(rf"\bsnakemake {name}\b", stage["cmd"])
        for out in [*stage["outs"], *stage.get("metrics", [])]:
            assert next(iter(out.values())) == {"persist": True}
