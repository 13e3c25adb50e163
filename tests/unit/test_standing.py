"""How far a run is, told by artefacts, logs and the times of earlier jobs."""

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from shiftpress.core.audit import Job
from shiftpress.core.provenance import producer
from shiftpress.core.storage import sidecar, write_artefact
from shiftpress.standing import report, states_of

HERE = os.uname().nodename
NAMES = ["a", "b", "c", "d", "e"]


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    """Five trainings; a is done, and took 600 s."""
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text("code")
    found = []
    for name in NAMES:
        path, log = f"results/{name}.bin", f"logs/{name}.log"
        inputs = {"code": ["train.py"]}
        outputs = [path, sidecar(path)]
        found.append(Job("train", {"codec": name}, {"lr": 1}, inputs, outputs, log, f"benchmarks/{name}.tsv"))
    write_artefact("results/a.bin", b"1", producer({"lr": 1}, found[0].inputs))
    Path("benchmarks").mkdir()
    Path("benchmarks/a.tsv").write_text("s\th:m:s\tcpu_time\n600.0\t0:10:00\t590.1\n")
    Path("logs").mkdir()
    return found


def began(name, process, *lines, ago_s=60.0, host=HERE):
    at = f"{datetime.now() - timedelta(seconds=ago_s):%Y-%m-%d %H:%M:%S},123"
    said = [f"INFO started, process {process} on {host}", *lines]
    Path(f"logs/{name}.log").write_text("".join(f"{at} {line}\n" for line in said))


def states(jobs):
    return {job.wildcards["codec"]: states_of(jobs)[0][job.name] for job in jobs}


def test_a_job_is_done_by_its_artefact_and_not_by_its_log(jobs):
    began("b", 1, "INFO finished")
    assert states(jobs) == {"a": "done", **dict.fromkeys("bcde", "left")}


def test_running_failed_and_killed_jobs_are_told_apart(jobs):
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    began("b", os.getpid(), "INFO codec b: 3/20")
    began("c", os.getpid(), "ERROR job failed", "Traceback (most recent call last):")
    began("d", int(gone.stdout), "INFO codec d: 1/20")
    began("e", 1, "INFO codec e: 2/20", host="another")
    assert states(jobs) == {"a": "done", "b": "running", "c": "failed", "d": "killed", "e": "running"}
    said = "\n".join(report(jobs, cores=1))
    assert said.startswith("5 jobs: 1 done, 2 running, 1 failed, 1 killed, 0 left")
    assert "running: train e on another, since" in said and "codec b: 3/20" in said
    assert "failed: train c, since" in said and "logs/c.log" in said


def test_the_rest_takes_as_long_as_jobs_like_it_took(jobs):
    began("b", os.getpid(), ago_s=240)
    lines = list(report(jobs, cores=2))
    # three fifths of b, and c, d, e: 2,160 s on two cores
    assert "About 18 min to go on 2 cores, by the times of earlier jobs." in lines
    assert "About 10 min to go on 50 cores, by the times of earlier jobs." in report(jobs, cores=50)


def test_gpu_hours_are_those_of_jobs_that_worked_on_one(jobs):
    assert not any("GPU" in line for line in report(jobs, cores=2))
    began("a", 1, "INFO works on CPU, float32, 1 threads", "INFO finished")
    assert not any("GPU" in line for line in report(jobs, cores=2))
    began("a", 1, "INFO works on NVIDIA H100 80GB HBM3, float32, 1 threads", "INFO finished")
    began("b", os.getpid(), "INFO works on NVIDIA H100 80GB HBM3, float32, 1 threads")
    assert list(report(jobs, cores=2))[-1] == "0.17 GPU-hours were used by 1 of the jobs done."


def test_jobs_of_which_there_is_no_history_are_named(jobs):
    Path("benchmarks/a.tsv").unlink()
    assert list(report(jobs, cores=2))[1:] == ["Not counted, for want of earlier jobs: 4 train."]


def test_the_log_of_a_job_is_what_is_read(jobs):
    """In a process of its own: logging of this one must stay as it is."""
    code = "from shiftpress.core.jobs import job\nwith job('logs/b.log'): raise SystemError('no')"
    subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    assert states(jobs)["b"] == "failed"
