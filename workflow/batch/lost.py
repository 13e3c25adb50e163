"""Jobs that Slurm has forgotten, or has ended without starting them anew: failures, where the plugin waits for ever.

A controller that crashes forgets what it was given in its last seconds; ended jobs are forgotten after `MinJobAge`; a
partition may cancel jobs that have to make room; a job that could not be launched is held. The executor plugin takes a
job that is not listed for one that is not listed yet. Here two looks in which it is not there, or held, or has ended
so, make it a failed one, which Snakemake submits again. The plugin also looks less and less often, up to every three
minutes; here the pauses stay as the site wants them.
"""

import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress

from snakemake_interface_common.exceptions import WorkflowError
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

PLUGIN = "snakemake_executor_plugin_slurm"
LOOKS = 2
ENDED = ("PREEMPTED", "NODE_FAIL")
"""States in which the plugin waits for Slurm to start a job anew; one that Slurm does start is PENDING by then."""
HELD = "requeued held"
"""Of the reasons why a job is PENDING the one that only an administrator takes away."""


class Missing:
    """In how many looks running each job was not there."""

    def __init__(self):
        self.looks: Counter[str] = Counter()

    def again(self, job: str, states: dict[str, str]) -> bool:
        """Take note of one look: states, and reasons behind them. Whether the job has been missing for long enough."""
        state, _, reason = states.get(job, ENDED[0]).partition(" ")
        if state not in ENDED and HELD not in reason:
            self.looks.pop(job, None)
            return False
        self.looks[job] += 1
        return self.looks[job] >= LOOKS


def notice_lost_jobs() -> None:
    """Have the plugin's executor, if it is installed, notice them."""
    if PLUGIN not in sys.modules:
        return
    plugin, missing = sys.modules[PLUGIN], Missing()
    check = plugin.Executor.check_active_jobs

    async def check_active_jobs(
        self: RemoteExecutor, active_jobs: list[SubmittedJobInfo]
    ) -> AsyncIterator[SubmittedJobInfo]:
        """Look as the plugin does, and then for those that it would go on waiting for."""
        waiting = [job async for job in check(self, active_jobs)]
        settings = self.workflow.executor_settings
        self.next_seconds_between_status_checks = settings.init_seconds_before_status_checks
        states = None
        if waiting and self.get_status_command() == "squeue":
            command = plugin.query_job_status_squeue(self.run_uuid).replace("%T", "%T %r")
            states, _ = await plugin.query_job_status(command, self.logger)
        for job in waiting:
            if states is None or not missing.again(job.external_jobid, states):
                yield job
            else:
                state = states.get(job.external_jobid, "not known to Slurm any more")
                message = f"SLURM-job '{job.external_jobid}' is {state}, and was so before."
                with suppress(WorkflowError):  # Slurm may not know it, and must not start it when it remembers it
                    self.cancel_jobs([job])
                self.report_job_error(job, msg=message, aux_logs=[str(job.aux.get("slurm_logfile"))])

    plugin.Executor.check_active_jobs = check_active_jobs
