"""The jobs of a study, told by Snakemake from the Snakefile and the profile of a run; nothing is run or locked."""

from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path

from snakemake.api import SnakemakeApi
from snakemake.cli import parse_args
from snakemake.exceptions import CliException, LockException
from snakemake.jobs import Job as Planned
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    ExecutionSettings,
    OutputSettings,
    Quietness,
    RemoteExecutionSettings,
    ResourceSettings,
)
from snakemake.workflow import Workflow

from shiftpress.core.audit import Job
from shiftpress.core.plans import write_plan

__all__ = ["CliException", "LockException", "Planned", "Workflow", "facts", "planned", "study"]


@contextmanager
def study(overlays: list[str]) -> Iterator[Workflow]:
    """The workflow of `snakemake --configfile OVERLAY...`, with its DAG."""
    with redirect_stderr(StringIO()):  # it says which profile it reads
        _, given = parse_args(["--configfile", *overlays] if overlays else [])
    with SnakemakeApi(OutputSettings(quiet=frozenset({Quietness.ALL}), enable_file_logging=False)) as api:
        config = ConfigSettings(configfiles=[*map(Path, overlays)])
        dag = api.workflow(ResourceSettings(cores=1), config).dag(
            # what is remembered of inputs must be what a run compares
            DAGSettings(max_checksum_file_size=given.max_checksum_file_size)
        )
        workflow = dag.workflow_api._workflow
        workflow.execution_settings = ExecutionSettings()
        workflow.remote_execution_settings = RemoteExecutionSettings()
        workflow._prepare_dag(forceall=False, ignore_incomplete=True, lock_warn_only=False)
        workflow._build_dag()
        yield workflow


def planned(workflow: Workflow) -> list[Planned]:
    """Snakemake's own jobs, each after those it depends on; targets, which make nothing, are left out."""
    levels = [sorted(level, key=str) for level in workflow.dag.toposorted()]
    return [job for level in levels for job in level if job.output]


def keep_plan(workflow: Workflow, tier: str, overlays: list[str]) -> None:
    """Keep the jobs for `shiftpress status` when a run of the whole study starts, which has them at hand."""
    if (
        workflow.default_target in {job.rule.name for job in workflow.dag.targetjobs}
        and not workflow.config_settings.config
    ):
        write_plan(tier, overlays, map(facts, planned(workflow)))


def facts(job: Planned) -> Job:
    """What the rest of the project may know of a job."""
    return Job(
        rule=job.rule.name,
        wildcards={name: str(value) for name, value in job.wildcards.items()},
        params=dict(job.params.items()),
        inputs={name: _plain(value) for name, value in job.input.items()},
        outputs=[*map(str, job.output)],
        log=str(job.log[0]) if job.log else None,
        benchmark=str(job.benchmark) if job.benchmark else None,
        measured=_named(job, "card"),
        brought="raw" in job.output.keys(),
    )


def _plain(value: object) -> str | list[str]:
    return str(value) if isinstance(value, str) else [*map(str, value)]


def _named(job: Planned, name: str) -> str | None:
    return str(job.output[name]) if name in job.output.keys() else None
