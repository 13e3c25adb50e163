"""The end of a job reaches the scheduler, whether or not anybody reads what is said of it.

Snakemake says why a job failed, and then counts it as failed. Where its output goes into a pipe that nobody reads any
more, saying so raises an exception, which is lost in a thread, and Snakemake would wait for that job for ever: so it
was when both ends of ``snakemake | tee log`` had been told to leave.
"""

from snakemake.executors.local import Executor


def end_every_job() -> None:
    """Count a job as failed if Snakemake cannot say that it is."""
    said = Executor._callback

    def counted(executor, job_info, future):
        try:
            said(executor, job_info, future)
        except Exception:
            executor.workflow.scheduler.error_callback(job_info.job)

    Executor._callback = counted
