"""One run at a time in a folder, and no lock that outlives its run.

Snakemake marks the files of a run in `.snakemake/locks` without saying whose marks they are, so after a kill somebody
must look for living processes and then unlock by hand; and two runs that start together both find no marks. Here a run
holds the kernel's own lock (flock) on a file that names it. The kernel lets go when the process ends, however it ends:
whoever gets the lock knows that the last holder on this machine is gone, and removes its marks.

The kernels of several machines that share a folder may not know each other's locks. So a holder also beats: it changes
its file every few seconds. A holder on another machine, or before a restart of this one, is watched for a while and is
gone if it does not beat.
"""

import fcntl
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from snakemake.exceptions import CliException
from snakemake.persistence import PersistenceBase

BEAT_S = 5.0
WATCHED_S = 30.0
"""Several beats, and longer than a shared file system remembers what a file was like."""
BOOT = Path("/proc/sys/kernel/random/boot_id")


class Holder:
    """The file that says who works in a folder."""

    def __init__(self, folder: Path, beat_s: float = BEAT_S, watched_s: float = WATCHED_S):
        self.path, self.beat_s, self.watched_s = folder / "holder.json", beat_s, watched_s
        self._done = threading.Event()

    def take(self) -> bool:
        """Hold the folder; whether somebody who is gone has left marks in it. Raises CliException if it is held."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        last, free = self._read(), self._free()
        if free is False or (last and (free is None or last.get("boot") != boot()) and self._beats()):
            os.close(self._file)
            raise held(last)
        left = os.fstat(self._file).st_size > 0
        self._write()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()
        return left

    def leave(self) -> None:
        """Let go, and leave nothing to be recovered."""
        self._done.set()
        self._thread.join()
        if self._read() == self._own:
            os.ftruncate(self._file, 0)
        os.close(self._file)

    def _free(self) -> bool | None:
        """Whether the kernel gives the lock; None on a file system without such locks: then beats decide."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return None
        return True

    def _read(self) -> dict:
        with suppress(OSError, ValueError):
            found = json.loads(self.path.read_bytes())
            return found if isinstance(found, dict) else {}
        return {}

    def _write(self) -> None:
        self._own = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "boot": boot(),
            "since": time.strftime("%Y-%m-%d %H:%M:%S"),
            "command": " ".join(sys.argv)[:200],
        }
        text = json.dumps(self._own).encode()
        os.pwrite(self._file, text, 0)  # never empty in between: a kill here must not hide what was left before
        os.ftruncate(self._file, len(text))
        os.fsync(self._file)

    def _beats(self) -> bool:
        """Whether the file changes while it is watched."""
        seen, end = self.path.stat().st_mtime_ns, time.monotonic() + self.watched_s
        while self._read() and time.monotonic() < end:
            time.sleep(self.beat_s / 5)
            with open(self.path, "rb"):  # a shared file system looks again when a file is opened
                if self.path.stat().st_mtime_ns != seen:
                    return bool(self._read())
        return False

    def _beat(self) -> None:
        while not self._done.wait(self.beat_s):
            if self._read() != self._own:  # this machine slept so long that another took over: two must not write
                print("Another run has taken this folder over; this one ends.", file=sys.stderr, flush=True)
                os.kill(os.getpid(), signal.SIGTERM)
                return
            with suppress(OSError):
                os.utime(self._file)


def boot() -> str:
    """What tells this machine since its last start from all others; containers of one machine share it."""
    return BOOT.read_text().strip() if BOOT.is_file() else socket.gethostname()


def held(by: dict) -> CliException:
    """The one message of whoever comes second."""
    who = f"process {by.get('pid', '?')} on {by.get('host', 'another machine')}, since {by.get('since', '?')}"
    return CliException(f"Another run works in this folder: {who}. Wait for it or end it; nothing was changed.")


def locked_by_holder(lock: Callable) -> Callable:
    """Snakemake's own lock, taken by one run at a time, after the marks of runs that are gone were removed."""

    @contextmanager
    def locked(persistence: PersistenceBase) -> Iterator[None]:
        holder = Holder(Path(persistence.path))
        if holder.take():
            persistence.cleanup_locks()
            Path(persistence.path, "locks").mkdir(exist_ok=True)
        try:
            with lock(persistence):
                yield
        finally:
            holder.leave()

    return locked


LOCK = PersistenceBase.lock


def work_alone() -> None:
    """Let one run at a time work in a folder."""
    PersistenceBase.lock = locked_by_holder(LOCK)
