"""GPUs, room for files, and whether locks hold."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from shiftpress.core.device import DEVICE, settings
from shiftpress.core.problems import InputError
from shiftpress.core.slots import VISIBLE, gpus_given, gpus_of_node, visible_gpus
from shiftpress.doctor.finding import Finding

LITTLE, TOO_LITTLE = 10e9, 1e9
"""Free bytes that a larger tier may need, and that any does."""


def machine() -> Iterator[Finding]:
    """All of it."""
    yield gpu(gpus_of_node(), os.environ.get(VISIBLE))
    yield device()
    yield room("work", Path("."))
    yield room("scratch", Path(tempfile.gettempdir()))


def gpu(present: dict[str, str], setting: str | None) -> Finding:
    """Whether torch was built for the GPUs that the driver shows, if it shows any."""
    import torch

    built = f"torch {torch.__version__}, built for {f'CUDA {torch.version.cuda}' if torch.version.cuda else 'CPUs'}"
    visible = visible_gpus(present, setting)
    if not present:
        return Finding("gpu", "ok", f"none; {built}; everything runs on the CPU")
    if not visible:
        return Finding("gpu", "warn", f"{len(present)}, hidden by {VISIBLE}={setting!r}; {built}", f"unset {VISIBLE}")
    seen = f"{len(visible)} of {len(present)} visible; {built}"
    if torch.version.cuda is None:
        return Finding("gpu", "warn", seen, "make setup without TORCH=cpu, to use them")
    if not torch.cuda.is_available():
        return Finding("gpu", "fail", f"{seen}; torch cannot use them", "the driver is older than this CUDA: update it")
    return Finding("gpu", "ok", seen)


def device() -> Finding:
    """What a job that gains from a GPU would work on."""
    import torch

    try:
        asked = settings()
    except InputError as error:
        wrong, mend = str(error).rsplit("\n", 1)
        return Finding("device", "fail", wrong.replace("\n", "; "), mend)
    gpus = gpus_given(asked.device) if torch.version.cuda else []
    told = f"{DEVICE}={asked.device}"
    if gpus:
        seen = f"{told}: jobs work on {len(gpus)} GPUs, at most {asked.jobs} on each, in {asked.dtype}"
        return Finding("device", "ok", seen)
    if asked.device == "cuda":
        return Finding("device", "fail", f"{told}: jobs will end at once, without a GPU", f"set {DEVICE}=auto")
    return Finding("device", "ok", f"{told}: jobs work on the CPU")


def room(what: str, folder: Path) -> Finding:
    """Whether files can be written to a folder, whole, and locked there."""
    free = shutil.disk_usage(folder).free
    seen = f"{folder.resolve()}: {free / 1e9:.1f} GB free"
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".shiftpress-doctor-") as one:
            if not _locks(one.name):
                mend = "mount it with locks (NFS 4, or Lustre with -o flock): without them one job may run twice"
                return Finding(what, "fail", f"{seen}; locks do not hold", mend)
    except OSError as error:
        return Finding(what, "fail", f"{seen}; cannot write: {error.strerror}", "choose another folder, or free room")
    if free < TOO_LITTLE:
        return Finding(what, "fail", seen, "free room, or choose another disk")
    if free < LITTLE:
        return Finding(what, "warn", seen, "enough for the smoke and laptop tiers; larger ones need more")
    return Finding(what, "ok", seen)


def _locks(path: str) -> bool:
    """Whether a second lock on a file is refused."""
    with open(path) as first, open(path) as second:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
