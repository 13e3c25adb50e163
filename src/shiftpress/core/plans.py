"""The jobs of a study as they were last told: to ask Snakemake takes seconds, and who only looks need not."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from shiftpress.core.audit import Job
from shiftpress.core.provenance import digest_of
from shiftpress.core.storage import canonical_json, replace_file

FOLDER = Path("work/plans")
ROOTS = ("workflow", "src", "claims", "report")


def write_plan(tier: str, overlays: Sequence[str], jobs: Iterable[Job]) -> None:
    """Keep the jobs of a tier, all of them and in an order in which they can be run."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    plan = {"stamp": _stamp(overlays), "jobs": [asdict(job) for job in jobs]}
    replace_file(FOLDER / f"{tier}.json", canonical_json(plan))


def read_plan(tier: str, overlays: Sequence[str]) -> list[Job] | None:
    """The jobs of a tier; nothing if they were never told, or if a file that decides them has changed since."""
    try:
        plan = json.loads((FOLDER / f"{tier}.json").read_bytes())
    except (OSError, ValueError):
        return None
    if plan["stamp"] != _stamp(overlays):
        return None
    jobs = [Job(**facts) for facts in plan["jobs"]]
    # lists of source files are made with the DAG, and whoever empties work/ removes them
    return jobs if all(Path(job.inputs["code"]).is_file() for job in jobs if "code" in job.inputs) else None


def _stamp(overlays: Sequence[str]) -> str:
    """Digest of all that people write: params, rules, code, claims, templates."""
    written = [path for root in ROOTS for path in Path(root).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return digest_of(["params.yaml", "Snakefile", *overlays, *written])
