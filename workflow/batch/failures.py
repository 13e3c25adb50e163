"""At the end of a run one block for each job that failed: what it was, the end of its log, how to run it again alone.

Snakemake tells of failures as they come, once per attempt, and of every job of a group if one of them fails. Here its
messages are collected, and what failed for good is told once.
"""

import logging
import shlex
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakemake.logging import logger
from snakemake_interface_logger_plugins.common import LogEvent

LINES = 15
FINISHED = "INFO finished"
"""How the log of a job ends that has done its work (shiftpress.core.jobs)."""


@dataclass
class Job:
    """What Snakemake has told of one job."""

    rule: str
    wildcards: dict[str, str]
    output: list[str]
    logs: list[str]
    reason: str = ""
    group: object = None

    def standing(self, since: float) -> str:
        """Whether it has `waited`, `begun` or `finished` since a time, as its log has it."""
        log = Path(self.logs[0]) if self.logs else None
        if log is None or not log.is_file() or log.stat().st_mtime < since:
            return "waited"
        return "finished" if any(FINISHED in line for line in last_lines(log, 1)) else "begun"

    def block(self, options: list[str]) -> str:
        """The job, the end of the first of its logs that says anything, and the command."""
        named = ", ".join(f"{name}={value}" for name, value in self.wildcards.items()) or "no wildcards"
        said = next(((log, lines) for log in self.logs if (lines := last_lines(Path(log), LINES))), None)
        command = ["snakemake", self.output[0], *options] if self.output else ["snakemake", self.rule, *options]
        rows = [f"Failed: {self.rule} ({named})"]
        rows += [f"  {self.reason.strip()}"] if self.reason.strip() else []
        rows += [f"  end of {said[0]}:", *(f"    {line}" for line in said[1])] if said else ["  it left no log"]
        return "\n".join([*rows, f"  again, just this: {shlex.join(command)}"])


class Failures(logging.Handler):
    """Listens to Snakemake's messages and remembers what has failed and not been done since."""

    def __init__(self, jobs: Callable[[], Iterable[Any]]):
        super().__init__()
        self.begun = time.time()
        self.jobs = jobs
        self.wrong: dict[int, Job] = {}
        self.grouped: dict[int, tuple[object, list[str]]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of one message."""
        event, said = getattr(record, "event", None), record.__dict__
        if event == LogEvent.GROUP_ERROR:
            self.grouped |= {info["jobid"]: (said["groupid"], said["aux_logs"]) for info in said["job_error_info"]}
        elif event == LogEvent.JOB_ERROR:
            self.fail(said)
        elif event == LogEvent.JOB_FINISHED:
            self.wrong.pop(said["job_id"], None)

    def fail(self, said: dict[str, Any]) -> None:
        """Take note of a failed job. Its wildcards are not in the message, but in the job."""
        known = next((job for job in self.jobs() if job.jobid == said["jobid"]), None)
        wildcards = dict(known.wildcards_dict) if known else {}
        group, more = self.grouped.get(said["jobid"], (None, []))
        logs = [*said["log"], *more]
        reason = said["rule_msg"] or ""
        self.wrong[said["jobid"]] = Job(said["rule_name"], wildcards, list(said["output"]), logs, reason, group)

    def failed(self) -> list[Job]:
        """Of every group the jobs that were at work, or its first; and every other job that failed."""
        alone = [job for job in self.wrong.values() if job.group is None]
        groups: dict[object, list[Job]] = {}
        for job in self.wrong.values():
            if job.group is not None:
                groups.setdefault(job.group, []).append(job)
        for members in groups.values():
            alone += [job for job in members if job.standing(self.begun) == "begun"] or members[:1]
        return alone

    def tell(self) -> None:
        """Print a block for each."""
        for job in self.failed():
            print(f"\n{job.block(options_of(sys.argv[1:]))}", file=sys.stderr)


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines of a log, none if there is none."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, path.stat().st_size - 100_000))
            return file.read().decode(errors="replace").splitlines()[-count:]
    except OSError:
        return []


def options_of(words: list[str]) -> list[str]:
    """Of a command line, the profile and the tier: what another command needs to mean the same files."""
    kept: list[str] = []
    for name in ("--profile", "--configfile", "--configfiles"):
        for at, word in enumerate(words):
            if word == name:
                following = words[at + 1 :]
                end = next((n for n, w in enumerate(following) if w.startswith("-")), len(following))
                kept += [name, *(following[:1] if name == "--profile" else following[:end])]
            elif word.startswith(f"{name}="):
                kept.append(word)
    return kept


def watch(workflow: Any) -> Failures:
    """Begin to listen to a run of the workflow."""
    failures = Failures(lambda: workflow.dag.jobs)
    logger.addHandler(failures)
    return failures
