"""Files that users name: read and written with one clear sentence if that fails."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shiftpress.core.problems import InputError, printable
from shiftpress.core.storage import replace_file

MOST_BYTES = 1 << 30


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """While a path that a user named is looked at or read: what the system refuses is raised as InputError."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{printable(str(path))} cannot be read: {error.strerror}.") from None


def expanded(path: str) -> Path:
    """A path as a user wrote it, with ~ for a home folder; one of nobody stays as it is, and nothing is there."""
    with suppress(RuntimeError):
        return Path(path).expanduser()
    return Path(path)


def read_file(path: Path) -> bytes:
    """The bytes of a file of at most 1 GiB. Raises InputError."""
    with reading(path), open(path, "rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise InputError(f"{path} is larger than {MOST_BYTES} bytes, which no file of ours is.")
    return data


def write_file(path: Path, data: bytes) -> None:
    """Write the bytes in one step. Raises InputError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from None
