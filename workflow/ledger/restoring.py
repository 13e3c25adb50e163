"""After files came from elsewhere: which of them today's params and code would make, and Snakemake's memory of those.

Snakemake's memory is not in git. Without it, Snakemake goes by times and overlooks changed params; `snakemake --touch`
would give it one, but of whatever is there. So everything is compared first, and what differs is moved away.
"""

import os
from collections import Counter
from pathlib import Path

from ledger.study import CliException, LockException, Planned, Workflow, facts, planned
from shiftpress.core.audit import Job, audit, set_aside
from shiftpress.core.catalog import component
from shiftpress.core.storage import DamagedArtefact, read_artefact

ASIDE = Path("work/set-aside")
LOCKED = "Snakemake is at work in this folder. Nothing was changed."


def restore(workflow: Workflow, dry_run: bool) -> int:
    """Hold every artefact of the study against its digest and recipe, and do what follows. Return the exit status."""
    jobs = planned(workflow)
    told = [facts(job) for job in jobs]
    try:
        with workflow.persistence.lock():
            found = list(audit(told, _checks(told)))
            wrong = [job for job, standing, _ in found if standing in ("stale", "damaged")]
            if not dry_run:
                for job in wrong:
                    set_aside(job, ASIDE)
                good = [job for job, (_, standing, _) in zip(jobs, found, strict=True) if standing == "good"]
                remember(workflow, good)
    except (LockException, CliException) as refusal:
        print(LOCKED if isinstance(refusal, LockException) else refusal)
        return 2
    for job, standing, words in found:
        if standing in ("stale", "damaged"):
            print(f"{standing}: {job.name}{f' ({words})' if words else ''}")
    count = Counter(standing for _, standing, _ in found)
    print(
        f"{len(found)} jobs: the artefacts of {count['good']} are what today's params and code make, "
        f"of {count['missing']} are missing, of {count['stale']} others made, of {count['damaged']} are damaged."
    )
    if wrong and not dry_run:
        print(f"What was made by others or is damaged now lies in {ASIDE}; snakemake makes it anew.")
    return 0


def remember(workflow: Workflow, jobs: list[Planned]) -> None:
    """Have Snakemake take these jobs' outputs as made by itself just now, from today's inputs and params."""
    limit = workflow.dag_settings.max_checksum_file_size
    workflow.iocache.deactivate()

    async def finish() -> None:
        for job in jobs:
            # other inputs count by their checksum, which is remembered, and DVC goes by times too: none changes in vain
            if any(os.path.exists(f) and os.path.getsize(f) > limit for f in job.input if not f.is_ancient):
                for path in job.output:
                    path.touch()
            await workflow.persistence.finished(job)

    workflow.async_run(finish())


def _checks(jobs: list[Job]):
    """A check of files: raw ones against the digests that are accepted, artefacts against those of their sidecars."""
    sources = {
        path: next(s for s in component("datasets", job.wildcards["kind"]).sources() if s.name == job.wildcards["file"])
        for job in jobs
        if job.brought
        for path in job.outputs
    }

    def check(path: str) -> None:
        if path not in sources:
            read_artefact(path)
        elif fault := sources[path].fault(Path(path)):
            raise DamagedArtefact(f"{path}: {fault}")

    return check
