"""What happens to clusters, done to the test Slurm while a run is going on.

A fault is struck at a running job. What must hold afterwards is the same for all: the run ends by itself, or after one
more start of the same command, with the very files of a run on this machine; at no time do two processes work on one
output; nothing is left in the queue.
"""

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from lab import Lab
from watching import until

LONGEST_S = 600
"""A run that takes longer hangs."""


def scancel(lab: Lab, job: str) -> None:
    """Somebody cancels a job."""
    lab.slurm("scancel", job)


def timeout(lab: Lab, job: str) -> None:
    """A job meets its time limit."""
    lab.slurm("scontrol", "update", f"JobId={job}", "EndTime=now")


def drain(lab: Lab, job: str) -> None:
    """The node takes no new jobs for a while, and keeps those it has."""
    lab.slurm("scontrol", "update", "NodeName=localhost", "State=DRAIN", "Reason=test")
    time.sleep(8)
    lab.slurm("scontrol", "update", "NodeName=localhost", "State=RESUME")


def slurmd_killed(lab: Lab, job: str) -> None:
    """The node's daemon dies and comes back before anybody has missed it: jobs go on."""
    lab.kill("slurmd")
    time.sleep(3)
    lab.slurmd()


def node_lost(lab: Lab, job: str) -> None:
    """The node's daemon dies and is missed: its jobs are put back into the queue, and run anew when it is back."""
    lab.kill("slurmd")
    lab.slurm("scontrol", "update", "NodeName=localhost", "State=DOWN", "Reason=test")
    time.sleep(3)
    lab.slurmd()


def slurmctld_restarted(lab: Lab, job: str) -> None:
    """The controller saves its state and ends; nobody can submit or ask until it is back."""
    lab.kill("slurmctld", signal.SIGTERM)
    time.sleep(6)
    lab.slurmctld()


def slurmctld_killed(lab: Lab, job: str) -> None:
    """The controller dies, and may forget what it was given in its last seconds."""
    lab.kill("slurmctld")
    time.sleep(6)
    lab.slurmctld()


def requeue(lab: Lab, job: str) -> None:
    """Somebody puts a running job back into the queue."""
    lab.slurm("scontrol", "requeue", job)


def preemption(lab: Lab, job: str) -> None:
    """A job of a partition of higher priority needs the whole node."""
    lab.slurm("sbatch", "-p", "urgent", "-n2", "-o", "/dev/null", "-J", "urgent", "--wrap", "sleep 3")


def nothing(lab: Lab, job: str) -> None:
    """The fault was there before the job."""


Strike = Callable[[Lab, str], None]
STRIKES: dict[str, Strike] = {
    "scancel": scancel,
    "time limit": timeout,
    "node drained": drain,
    "slurmd killed": slurmd_killed,
    "node lost": node_lost,
    "slurmctld restarted": slurmctld_restarted,
    "slurmctld killed": slurmctld_killed,
    "requeue": requeue,
    "preemption": preemption,
    "out of memory": nothing,
    "disk full": nothing,
}


def too_little_memory(project: Path) -> None:
    """Jobs ask for so little memory that the first attempt is killed, and the third, which asks for more, is not."""
    table = project / "workflow/batch/needs.py"
    text = table.read_text()
    assert "    memory = ceil(" in text
    table.write_text(text.replace("    memory = ceil(", "    memory = 400  # ceil("))


def fill_disk(folder: Path, size: str) -> None:
    """Let a folder lie on a disk of its own, of a size such as 64k."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "shiftpress-test", folder], check=True)


def free_disk(folder: Path) -> None:
    """Make room on that disk."""
    subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)


def take_disk(folder: Path) -> None:
    """Take the disk away, and what is on it."""
    subprocess.run(["umount", folder], check=True)


def running(lab: Lab) -> list[str]:
    """Jobs of the pipeline that run, oldest first."""
    rows = lab.slurm("squeue", "-h", "-t", "R", "-p", "main", "-S", "i", "-o", "%i", check=False)
    return rows.split()


def strike(lab: Lab, process: subprocess.Popen, fault: str) -> bool:
    """Strike as soon as a job runs; whether one did before the run was over.

    A job may end just before it is hit: then Slurm refuses, and the next job is struck.
    """
    while until(lambda: running(lab) or process.poll() is not None, LONGEST_S) and process.poll() is None:
        for job in running(lab)[:1]:
            try:
                STRIKES[fault](lab, job)
            except subprocess.CalledProcessError:
                continue
            return True
    return False


def over(lab: Lab, process: subprocess.Popen) -> bool:
    """Wait for the end of a run; whether it came."""
    return until(lambda: look_after_node(lab) or process.poll() is not None, LONGEST_S, pause=1)


def look_after_node(lab: Lab) -> None:
    """What an administrator does: a node that Slurm drained, as it refused to start a job twice, is put back."""
    if lab.node() in ("drained", "draining"):
        lab.slurm("scontrol", "update", "NodeName=localhost", "State=RESUME", check=False)


def left(lab: Lab) -> list[str]:
    """All jobs that are not over."""
    return lab.slurm("squeue", "-h", "-o", "%i %T", check=False).splitlines()


def hang_up(process: subprocess.Popen) -> None:
    """End a run that does not end."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
