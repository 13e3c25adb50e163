"""What git knows: which commit this is, and what a file said before."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SECONDS = 20
"""Longest wait for one answer of git; a repository on a dead network drive must not hold up a run."""


@dataclass(frozen=True)
class Version:
    """A file as one commit left it."""

    commit: str
    time: datetime
    text: str


def commit() -> str:
    """The commit that is checked out, with ``-dirty`` if files differ from it; ``unknown`` outside a repository."""
    return (_git(Path.cwd(), "describe", "--always", "--dirty", "--abbrev=12") or "").strip() or "unknown"


def versions(path: Path) -> Iterator[Version]:
    """A file's versions, newest first. None if there is no repository, or a shallow one, whose history is cut off."""
    folder, name = path.parent, path.name
    if (_git(folder, "rev-parse", "--is-shallow-repository") or "").strip() != "false":
        return
    for line in (_git(folder, "log", "--format=%H %ct", "--", name) or "").splitlines():
        commit, seconds = line.split()
        text = _git(folder, "show", f"{commit}:./{name}")
        if text is not None:  # none where the file was deleted
            yield Version(commit, datetime.fromtimestamp(int(seconds), UTC), text)


def stamp(time: datetime) -> str:
    """A time as it is written down: UTC, to the second."""
    return time.astimezone(UTC).isoformat(timespec="seconds")


def _git(folder: Path, *words: str) -> str | None:
    """What git answers; none if it does not know, or is not there."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if done.returncode else done.stdout.decode("utf-8", "replace")
