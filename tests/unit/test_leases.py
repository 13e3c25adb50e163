"""One process at a time does a job, and whoever comes second is told who does it."""

import os
import signal
import subprocess
import sys
import time

import pytest

from shiftpress.core.leases import lease
from shiftpress.core.problems import InputError


def holder(log, release) -> int:
    """A process that holds the lease until a byte comes."""
    ready, done = os.pipe()
    child = os.fork()
    if not child:
        with lease(log):
            os.write(done, b".")
            os.read(release, 1)
        os._exit(0)
    assert os.read(ready, 1) == b"."
    return child


def test_a_second_start_is_refused_with_the_name_of_the_first(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    release, go = os.pipe()
    child = holder(tmp_path / "job.log", release)
    with pytest.raises(InputError, match=rf"job.log is being done by process {child} on .*, job 4711, since "):
        with lease(tmp_path / "job.log"):
            pass
    with lease(tmp_path / "other.log"):
        pass
    os.write(go, b".")
    os.waitpid(child, 0)
    with lease(tmp_path / "job.log"):
        pass
    assert list(tmp_path.iterdir()) == [], "nothing is left"


def test_the_lease_of_a_killed_job_is_free_at_once(tmp_path):
    release, _ = os.pipe()
    child = holder(tmp_path / "job.log", release)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    start = time.monotonic()
    with lease(tmp_path / "job.log"):
        assert time.monotonic() - start < 1


def test_of_many_that_start_at_once_one_works_at_a_time(tmp_path):
    """Each tries again and again, takes the lease, and would find another's mark if there were two."""
    code = f"""
import os, time
from shiftpress.core.leases import lease
from shiftpress.core.problems import InputError
mark, done, end = {str(tmp_path / "mark")!r}, 0, time.monotonic() + 20
while done < 20 and time.monotonic() < end:
    try:
        with lease({str(tmp_path / "job.log")!r}):
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
            os.unlink(mark)
            done += 1
    except InputError:
        time.sleep(0.0005)
print(done)
"""
    jobs = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [job.communicate()[0].strip() for job in jobs] == ["20"] * 4
    assert all(job.returncode == 0 for job in jobs)
