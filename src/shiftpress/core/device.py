"""The device that a job works on: a runtime setting, which no fingerprint and no params file knows.

Data go there at the doors (``load_split``, ``cells``), networks follow their data, and what is kept comes back to the
CPU. Random numbers are drawn on the CPU by name and then moved, so that every device starts from equal weights and sees
the same batches.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from shiftpress.core.problems import InputError, suggestion

DEVICE, DTYPE, JOBS = "SHIFTPRESS_DEVICE", "SHIFTPRESS_DTYPE", "SHIFTPRESS_JOBS_PER_GPU"
DEVICES = ("auto", "cpu", "cuda")
DTYPES = ("float32", "tf32", "bfloat16")
MOST_JOBS = 64
CPU = "cpu"


@dataclass(frozen=True)
class Settings:
    """Where jobs that gain from a GPU work, and how exactly.

    ``device``: "auto" is a GPU if the job has one, else the CPU. ``dtype``: "tf32" lets GPUs round the factors of
    products to 10 bits, "bfloat16" also trains classifiers under autocast. ``jobs`` share a GPU at most.
    """

    device: Literal["auto", "cpu", "cuda"] = "auto"
    dtype: Literal["float32", "tf32", "bfloat16"] = "float32"
    jobs: int = 1


@dataclass(frozen=True)
class Work:
    """What this process works on: torch's word for the device, the device's own name, and the dtype."""

    device: str = CPU
    name: str = CPU
    dtype: str = "float32"


_work = Work()


def settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Those of the environment. Raises InputError with everything that is wrong with them."""
    wrong, found = [], {}
    for name, known in ((DEVICE, DEVICES), (DTYPE, DTYPES)):
        found[name] = environment.get(name) or known[0]
        if found[name] not in known:
            wrong.append(f"{name}={found[name]!r} is no such setting.{suggestion(found[name], list(known))}")
    jobs = environment.get(JOBS) or "1"
    if not (jobs.isdecimal() and 1 <= int(jobs) <= MOST_JOBS):
        wrong.append(f"{JOBS}={jobs!r} is no number of jobs from 1 to {MOST_JOBS}.")
    if wrong:
        raise InputError("\n".join([*wrong, "Change it or unset it; nothing was run."]))
    return Settings(found[DEVICE], found[DTYPE], int(jobs))


def here() -> str:
    """The device that this process works on, as torch's ``to`` takes it: the CPU, unless a job says otherwise."""
    return _work.device


def dtype() -> str:
    """The dtype that this process trains in."""
    return _work.dtype


def made_on() -> str:
    """What provenance says of it, such as ``NVIDIA H100 80GB HBM3, tf32``."""
    return _work.name if _work.dtype == DTYPES[0] else f"{_work.name}, {_work.dtype}"


@contextmanager
def working_on(work: Work) -> Iterator[None]:
    """Until the block is left, this process works there."""
    global _work
    before, _work = _work, work
    try:
        yield
    finally:
        _work = before
