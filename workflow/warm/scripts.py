"""Snakemake's `script:` jobs of Python, run by forking from a warm process.

A job that trains for three seconds would import torch for two. The warm process is a fork of the one that plans, from
before it has read a line of this project, and makes its imports while that one plans. Snakemake has no setting for
this, but chooses how to run a script by its language: the class below stands in for its own for Python, and leaves to
that one what needs another interpreter (a conda environment, a container, environment modules).
"""

import atexit
import contextlib
import gc
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import ClassVar

import snakemake.script
from snakemake.benchmark import BenchmarkRecord
from snakemake.scheduling.job_scheduler import JobScheduler

from warm import server

SERVER = Path(__file__).parents[1] / "serving.py"
# What the jobs of a study import from other packages, all or most of them: 0.45 s a job, but for torch itself. In this
# order: with pydantic before torch, a job takes 0.3 s more (measured).
MODULES = [
    "snakemake.iocontainers",
    "snakemake.logging",
    "numpy",
    "torch",
    "pydantic.main",
    "pydantic.type_adapter",
    "pydantic._internal._generate_schema",
    "pydantic.fields",
    "pydantic.types",
    "annotated_types",
    "safetensors.torch",
    "yaml",
    "scipy.special",
]
LATER = ["torch._dynamo", "torchvision.io", "scipy.interpolate", "compressai.entropy_models"]
"""Imports of few jobs, for up to 2 s each: solvers of torch, image formats, curves, entropy models. With these
come the tables (pandas) that claims and the report are made of."""
THREADS = [f"{library}_NUM_THREADS" for library in ("OMP", "GOTO", "OPENBLAS", "MKL", "NUMEXPR")]
# asked whether there is a GPU, torch is not to begin with CUDA where jobs are forked from: they could not begin anew
SERVING = dict.fromkeys(THREADS, "1") | {"PYTORCH_NVML_BASED_CUDA_CHECK": "1"}
# nor may there be a thread: pandas finds Arrow, whose allocator would start one
SERVING |= {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
TEMPORARY = ["TMPDIR", "TMP", "TEMP", "TEMPDIR"]
PROJECT = "shiftpress"
ELSEWHERE = re.compile(
    r"--(dry-?run|unlock|touch|lint|list|summary|detailed-summary|dag|d3dag|rulegraph|filegraph|report|profile|executor)"
    r"([=-].*)?|-[a-zA-Z]*[nteSDl][a-zA-Z]*"
)
"""A word after which no job runs here: it asks for something else than jobs, or for them on other machines."""
LONGEST = 1 << 16
REQUEUE = 85
"""Exit status of a job that left when told to, and then of Snakemake: start it again, it goes on where it was."""


class Fork:
    """A child of this process, with those words of `subprocess.Popen` that are used of one."""

    def __init__(self, pid: int):
        self.pid = pid
        self.returncode: int | None = None

    def poll(self, how: int = os.WNOHANG) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, how)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self) -> int | None:
        return self.poll(0)

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Warm:
    """The process that forks: a fork of this one, or started with the first job."""

    def __init__(self, modules: list[str] = MODULES, later: list[str] = LATER):
        self.modules, self.later = modules, later
        self.lock = threading.Lock()
        self.process: subprocess.Popen | Fork | None = None
        self.requests: socket.socket | None = None
        self.asked = False

    def fork(self, at_once: bool = False) -> None:
        """Fork it from this process, which must have no other thread of Python's.

        It makes its imports with the first job, or at once.
        """
        self.requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sys.stdout.flush()
        sys.stderr.flush()
        with theirs:
            if not (pid := os.fork()):
                self.requests.close()
                os.environ |= SERVING
                server.forked(theirs, self.modules, self.later, PROJECT, at_once)
        self.process = Fork(pid)

    def start(self) -> None:
        """Start it, single-threaded: each job says itself how many threads it uses."""
        self.requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, SERVER, str(theirs.fileno()), *self.modules, "--", *self.later],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=os.environ | SERVING,
            )

    def ask(self, script: str, env: dict[str, str]) -> socket.socket:
        """Have a script run; the socket tells its process, then how it ended."""
        with self.lock:
            self.asked = True
            if self.process is None or self.process.poll() is not None:
                self.start()  # the first time, or again if it was killed
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                request = json.dumps({"script": script, "env": env}).encode()
                socket.send_fds(self.requests, [request], [theirs.fileno()])
        return ours

    def tell_to_leave(self) -> None:
        """Tell all jobs, through the process that they are forked from."""
        if self.process is not None:
            self.process.terminate()

    def stop(self) -> None:
        """End it and what still runs from it."""
        if self.process is not None:
            self.requests.close()
            if not self.asked:
                self.process.kill()  # it may be at its imports, for nobody
            self.process.wait()


class WarmScript(snakemake.script.PythonScript):
    """A Python script that runs in a process forked from a warm one."""

    warm = Warm()
    left: ClassVar[bool] = False
    """Whether a job left when told to."""

    def execute_script(self, fname, edit=False):
        """Run the script.

        Raises CalledProcessError if it fails, as Snakemake's own way to run it does.
        """
        if self.container_img or self.conda_env or self.env_modules:
            return super().execute_script(fname, edit=edit)
        env = os.environ | dict.fromkeys(THREADS, str(self.threads))
        if folder := self.resources.get("tmpdir"):
            env |= dict.fromkeys(TEMPORARY, folder)
        with self.warm.ask(fname, env) as answers:
            begin = time.monotonic()
            end = told(answers) | told(answers)
            if self.bench_record is not None:
                note(self.bench_record, time.monotonic() - begin, end)
        # no answer: the warm process was killed, and this job with it
        if status := end.get("status", -9):
            WarmScript.left |= status == REQUEUE
            raise subprocess.CalledProcessError(status, f"{sys.executable} {fname}")


def jobs_follow(words: list[str]) -> bool:
    """A guess at whether a command runs jobs here. Imports that are made for nobody are given up."""
    by_snakemake = Path(words[0]).name == "snakemake" or Path(words[0]).parent.name == "snakemake"
    return by_snakemake and not any(map(ELSEWHERE.fullmatch, words[1:]))


def note(record: BenchmarkRecord, seconds: float, end: dict) -> None:
    """Fill a benchmark file's row with what the kernel counted; the other columns stay empty.

    Snakemake would look at the process twice a second, and the memory map of one that has torch is long: 23 ms of
    processor time a look, 62 s in the laptop tier (measured).
    """
    record.running_time = seconds
    record.data_collected, record.process_gone = "cpu" in end, "cpu" not in end
    record.cpu_time, record.max_rss = end.get("cpu", 0), end.get("rss")
    record.cpu_usage = 100 * record.cpu_time


def told(answers: socket.socket) -> dict:
    """Return the next answer, or nothing if there will be none."""
    return json.loads(answers.recv(LONGEST) or "{}")


def keep_warm(at_once: bool = False) -> None:
    """Run the Python scripts of this workflow by forking, where that is safe: on Linux.

    ``at_once``: what they import may be imported meanwhile, if jobs are to follow.
    """
    if sys.platform == "linux":
        snakemake.script.PythonScript = WarmScript
        if threading.active_count() == 1:
            WarmScript.warm.fork(at_once and jobs_follow(sys.argv))
        atexit.register(end)
        heed()


def heed() -> None:
    """Tell the jobs when this process is told to leave.

    Snakemake's answer to SIGTERM is to start no more jobs and to wait for those that run. To SIGUSR1 it has none, and
    would die of it; here it means the same.
    """
    gracefully = JobScheduler.exit_gracefully

    def leave(scheduler: JobScheduler, *args: object) -> None:
        gracefully(scheduler, *args)
        WarmScript.warm.tell_to_leave()

    JobScheduler.exit_gracefully = leave
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGUSR1, lambda number, frame: signal.raise_signal(signal.SIGTERM))


def end() -> None:
    """End the process that forks; if a job left when told to, so did this run, and its exit status says so."""
    WarmScript.warm.stop()
    gc.freeze()  # a plan that is taken apart is not to be searched for garbage
    if WarmScript.left:
        logging.shutdown()
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(REQUEUE)
