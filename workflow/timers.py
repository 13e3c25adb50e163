"""Snakemake's limit on jobs per second, without what it does beside.

Snakemake has no limit that is off. With one, whenever it has started a job it sets a timer, to look at all waiting jobs
again when so much time has passed: each look takes the time of a plan, and the last timer holds up the end of the run.
Jobs that wait here wait for others to end, which makes Snakemake look again in any case.
"""

from snakemake.scheduling.job_scheduler import JobScheduler


def set_no_timers() -> None:
    """Let nothing but the end of a job make Snakemake look again."""
    JobScheduler._schedule_reevalutation = lambda scheduler, delay: None
