"""One process at a time makes an output: a lock that the kernel gives back when its holder ends, however it ends.

Two starts of one job happen when a scheduler requeues what the pipeline submits again, or when two people run in one
folder. Both would write the same files and the same checkpoints.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shiftpress.core.problems import InputError

JOB_IDS = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID")
"""Where schedulers say which job this is."""


@contextmanager
def lease(log: str) -> Iterator[None]:
    """Hold the right to do a job, which its log names, on all machines that share the folder.

    The lock is that of ``<log>.lease``. Raises InputError, with who holds it, if somebody does.
    """
    path = Path(f"{log}.lease")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = _locked(path)
    if handle is None:
        raise InputError(f"The job of {log} is being done by {_holder(path)}. Wait for it, or stop it.")
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, _self().encode(), 0)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _locked(path: Path) -> int | None:
    """A handle of the locked file, or None if another process has it."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # its last holder may have removed the file since we opened it: then ours is no longer the one others see
            if os.path.exists(path) and os.path.samestat(os.fstat(handle), os.stat(path)):
                return handle
        except FileNotFoundError:
            pass
        except BlockingIOError:
            os.close(handle)
            return None
        os.close(handle)


def _self() -> str:
    job = next((f", job {os.environ[name]}" for name in JOB_IDS if name in os.environ), "")
    return f"process {os.getpid()} on {os.uname().nodename}{job}, since {time.strftime('%Y-%m-%d %H:%M:%S')}"


def _holder(path: Path) -> str:
    try:
        return path.read_text() or "another process"  # it has not yet said who it is
    except OSError:
        return "a process that has just ended"
