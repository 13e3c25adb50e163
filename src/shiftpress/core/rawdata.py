"""Raw data files: the accepted bytes or nothing, from wherever they can be had."""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from shiftpress.core.fetching import Limits, host_of
from shiftpress.core.partial import download
from shiftpress.core.problems import InputError
from shiftpress.core.sources import Source, Unavailable
from shiftpress.core.storage import canonical_json, replace_file

MIRRORS = "SHIFTPRESS_MIRRORS"
"""Environment variable: folders and addresses that are laid out like data/raw, separated by spaces."""


def mirrors_of_user() -> list[str]:
    """The mirrors that the environment names."""
    return os.environ.get(MIRRORS, "").split()


def origin_file(raw: Path) -> Path:
    """Where it is noted which place a raw file came from."""
    return raw.with_name(f"{raw.name}.origin.json")


def part_file(raw: Path) -> Path:
    """What has come of a raw file so far."""
    return raw.with_name(f".{raw.name}.part")


def obtain(source: Source, raw: Path, mirrors: Sequence[str] = (), limits: Limits | None = None) -> str:
    """Put an accepted file at ``raw``, in one step, and say where it came from.

    Tries the mirrors, then an installed package, then the DVC remote, then the official hosts. Raises InputError with
    the cause at each place and the next step if none has it.
    """
    limits = limits or Limits()
    tried = []
    try:
        raw.parent.mkdir(parents=True, exist_ok=True)
        with _alone(raw):
            if not source.fault(raw):
                return "was there already"
            for place, take in _places(source, raw, mirrors, limits, time.monotonic() + limits.total_s):
                try:
                    take()
                except Unavailable as error:
                    tried.append(f"  {place}: {error}")
                else:
                    replace_file(origin_file(raw), canonical_json({"from": place}))
                    return place
    except OSError as error:
        raise InputError(f"{raw}: cannot be written: {error.strerror or error}") from None
    raise InputError(_advice(source, raw, tried))


Place = tuple[str, Callable[[], None]]


def _places(source: Source, raw: Path, mirrors: Sequence[str], limits: Limits, deadline: float) -> Iterator[Place]:
    """Every place that may have the file, and how to take it from there."""
    beside = f"{raw.parent.name}/{raw.name}"

    def fetched(url: str) -> Place:
        def take() -> None:
            download(url, part_file(raw), source, limits, deadline)
            publish(part_file(raw), raw)

        return host_of(url), take

    def copied(place: str, file: Path) -> Place:
        return place, lambda: _copy(source, file, raw)

    for mirror in mirrors:
        web = "://" in mirror
        yield fetched(f"{mirror.rstrip('/')}/{beside}") if web else copied(mirror, Path(mirror).expanduser() / beside)
    if source.shipped:
        yield copied(f"package file {source.shipped}", source.shipped)
    if source.pointer:
        yield "DVC remote", lambda: _pull(source, raw, max(0.0, deadline - time.monotonic()))
    for url in source.urls:
        yield fetched(url)


def publish(file: Path, target: Path) -> None:
    """Rename a checked file beside its target into its place, so that it survives a crash."""
    with open(file, "rb") as written:
        os.fsync(written.fileno())
    os.replace(file, target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _copy(source: Source, file: Path, raw: Path) -> None:
    if not file.is_file():
        raise Unavailable(f"has no {file}")
    copy = raw.with_name(f".{raw.name}.copy")
    try:
        shutil.copyfile(file, copy)
        if fault := source.fault(copy):
            raise Unavailable(f"has another file: {fault}")
        publish(copy, raw)
    finally:
        copy.unlink(missing_ok=True)


def _pull(source: Source, raw: Path, timeout: float) -> None:
    """Ask the default DVC remote for what the pointer tracks."""
    command = [sys.executable, "-m", "dvc", "pull", "--quiet", str(source.pointer)]
    before = _stamp(raw)
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=max(0, timeout)
        )
    except subprocess.TimeoutExpired:
        raise Unavailable("the time for this file is over") from None
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    if fault := source.fault(raw):
        if _stamp(raw) != before:  # DVC does not check its cache
            raw.unlink(missing_ok=True)
        raise Unavailable(f"{lines[-1] if lines else f'dvc pull ended with code {done.returncode}'} (file: {fault})")


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Changes whenever somebody writes the file."""
    found = path.stat() if path.exists() else None
    return found and (found.st_ino, found.st_size, found.st_mtime_ns)


@contextmanager
def _alone(raw: Path) -> Iterator[None]:
    """Keep other processes from fetching the same file at the same time."""
    with open(raw.with_name(f".{raw.name}.lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"{raw}: another process is fetching it now; wait for that one") from None
        yield


def _advice(source: Source, raw: Path, tried: Sequence[str]) -> str:
    """What went wrong where, and what to do next."""
    place = f"{raw.parent.name}/{raw.name}"
    steps = [
        f"put the file there yourself ({source.described})",
        f"name a folder or address that has {place}, with `shiftpress data stage --mirror ...` or {MIRRORS}",
        "run dvc pull with a remote that has it"
        if source.pointer
        else "try again later: it goes on from what has come",
    ]
    return "\n".join([f"{raw} cannot be had:", *tried, f"Next, one of: {'; '.join(steps)}."])
