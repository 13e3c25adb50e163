"""What runs inside a job of Slurm: one Snakemake process, which works off the job or the group of jobs by itself.

The executor plugin starts one process that starts another with `srun` for each job of a group, each reading the whole
workflow (seconds) and importing torch anew. That pays for programs that span nodes; ours use one core or one GPU of one
node, which the batch step holds already. In addition, `srun` asks for as many cores as a group's jobs could use beside
each other, although they have one lane. Two answers of the plugin's executor are replaced for this; and its clock, by
which it waits 5 s before every submission, for no reason that it tells and with no setting.
"""

import sys
import time

from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor
from snakemake_interface_executor_plugins.jobs import JobExecutorInterface

PLUGIN = "snakemake_executor_plugin_slurm"


def run_inside() -> None:
    """Have jobs submitted this way, if the plugin is installed."""
    if PLUGIN in sys.modules:
        sys.modules[PLUGIN].time = Pauseless()
        executor = sys.modules[PLUGIN].Executor
        executor.additional_general_args = additional_general_args
        executor.get_job_args = get_job_args


class Pauseless:
    """The module `time`, without its pauses."""

    time = staticmethod(time.time)

    @staticmethod
    def sleep(seconds: float) -> None:
        """Go on at once."""


def additional_general_args(self: RemoteExecutor) -> str:
    """Of the command line of the process inside: which executor it uses."""
    return "--executor local"


def get_job_args(self: RemoteExecutor, job: JobExecutorInterface) -> str:
    """Of the command line of the process inside: the job, and the cores it was given (the last of two counts)."""
    return f"{RemoteExecutor.get_job_args(self, job)} --cores {job.threads}"
