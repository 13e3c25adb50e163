"""A place on a GPU for each job: several jobs share one, and the kernel frees a place when its job ends in any way.

A place is a lock on a file of the node. Which GPUs there are says CUDA_VISIBLE_DEVICES, as for every program that uses
them; schedulers set it, and so may users.
"""

import fcntl
import logging
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from shiftpress.core.commands import run
from shiftpress.core.leases import JOB_IDS
from shiftpress.core.problems import InputError

VISIBLE = "CUDA_VISIBLE_DEVICES"
HELD = "SHIFTPRESS_HELD"
"""Set by who holds a place for the programs that it starts: the name of the GPU."""
PAUSE_S = 0.2
"""Between two looks for a free place."""
SAID_S = 60.0
"""Between two words about waiting."""


def slots_folder() -> Path:
    """Where the places of this user are on this node; SHIFTPRESS_SLOTS names another."""
    own = os.environ.get("SHIFTPRESS_SLOTS")
    # not TMPDIR: schedulers give every job one of its own, and the places would not be shared
    return Path(own) if own else Path("/dev/shm" if os.path.isdir("/dev/shm") else tempfile.gettempdir()) / _name()


def _name() -> str:
    return f"shiftpress-gpus-{os.getuid()}"


def visible_gpus(present: Mapping[str, str], setting: str | None) -> list[str]:
    """The GPUs a process may use: of those ``present`` (number -> unique name), the ones that the setting names.

    As CUDA reads it: no setting means all, the first word that names no GPU ends the list. A number means another GPU
    in each job where a scheduler hides the rest, so a lock needs the unique name. A part of a GPU (MIG) is a GPU of
    its own, which the driver lists under its GPU's name alone.
    """
    if setting is None:
        return list(present.values())
    found: list[str] = []
    for word in (part.strip() for part in setting.split(",")):
        name = present.get(word) or next((own for own in present.values() if word and own.startswith(word)), None)
        name = word if present and word.startswith("MIG-") else name
        if name is None or name in found:
            break
        found.append(name)
    return found


def gpus_of_node() -> dict[str, str]:
    """Number -> unique name of each GPU that the driver shows, in its own order; none without a driver."""
    command = ["nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader"]
    done = run(command)
    lines = done.out.splitlines() if done and not done.code else []
    return dict(tuple(word.strip() for word in line.split(",", 1)) for line in lines if "," in line)


def gpus_given(device: str) -> list[str]:
    """Unique names of the GPUs that this process may work on, if ``device`` is "auto" or "cuda".

    A scheduler names the GPUs that it gives: with "auto", a job of one that names none has none.
    """
    setting = os.environ.get(VISIBLE)
    if device == "cpu" or (device == "auto" and setting is None and any(name in os.environ for name in JOB_IDS)):
        return []
    return visible_gpus(gpus_of_node(), setting)


@contextmanager
def gpu_slot(gpus: list[str], jobs_per_gpu: int, folder: Path, patience_s: float | None = None) -> Iterator[str]:
    """Hold a place on one of the GPUs, waiting until there is one; gives the GPU's name.

    The emptiest GPUs come first. A program that takes this one's place (``exec``) keeps the place. Raises InputError if
    there is no GPU, or no place within ``patience_s``.
    """
    if not gpus:
        raise InputError(f"No GPU can be seen ({VISIBLE}={os.environ.get(VISIBLE)!r}).")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    start, said = time.monotonic(), 0.0
    while (taken := _taken(gpus, jobs_per_gpu, folder)) is None:
        waited = time.monotonic() - start
        if patience_s is not None and waited >= patience_s:
            raise InputError(f"All {len(gpus) * jobs_per_gpu} places on {len(gpus)} GPUs stayed taken: {folder}.")
        if waited >= said:
            said = waited + SAID_S
            logging.getLogger("shiftpress").info("waiting for a place on one of %d GPUs", len(gpus))
        time.sleep(PAUSE_S)
    gpu, handle = taken
    os.set_inheritable(handle, True)
    try:
        yield gpu
    finally:
        os.close(handle)


def _taken(gpus: list[str], jobs_per_gpu: int, folder: Path) -> tuple[str, int] | None:
    """A GPU and the handle of a place on it that was free."""
    for place in range(jobs_per_gpu):  # first places of all GPUs, then second ones
        for gpu in gpus:
            handle = os.open(folder / f"{gpu}.{place}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return gpu, handle
            except BlockingIOError:
                os.close(handle)
    return None
