"""A file's checksum is taken once, for all jobs that read the file.

Whenever a job has ended, Snakemake notes the checksums of all its inputs, and computes them anew for each of its
outputs. All jobs of a study read the same sources and shifted images: five seconds of a laptop tier (measured), in the
one process that starts the jobs.
"""

import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

from snakemake.io import _IOFile

SETTLED_S = 2.0
"""Age at which a file's times tell it from what is written next: file systems count in up to two seconds."""

Checksum = Callable[..., Awaitable[str | None]]


def take_checksums_once() -> None:
    """Have this process remember the checksums of local files while these stay as they are."""
    _IOFile.checksum = remembering(_IOFile.checksum)


def remembering(plainly: Checksum) -> Checksum:
    """A method that asks this one only for files that it does not know, or that were changed or are too new."""
    known: dict[tuple, tuple[tuple, str | None]] = {}

    async def checksum(file: Any, threshold: int | None = None, force: bool = False, algorithm: Any = None):
        stamp = None if file.is_storage or algorithm else stamp_of(file.file)
        key = (str(file.file), threshold, force)
        if stamp is None or known.get(key, (None, None))[0] != stamp:
            found = await plainly(file, threshold, force=force, algorithm=algorithm)
            if stamp is None or stamp_of(file.file) != stamp:
                return found
            known[key] = stamp, found
        return known[key][1]

    return checksum


def stamp_of(path: str | os.PathLike) -> tuple[int, ...] | None:
    """What changes whenever a file does; nothing while it is too new to say so, or is missing."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    newest = max(status.st_mtime_ns, status.st_ctime_ns)
    if not newest / 1e9 < time.time() - SETTLED_S:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
