"""The one safe way into folders and archives: files read one by one, never extracted, never trusted."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from shiftpress.core.archives import CHUNK, Entry, entries_of_tar, entries_of_zip, unpacked
from shiftpress.core.files import expanded, reading
from shiftpress.core.problems import InputError, told
from shiftpress.core.storage import canonical_json, fingerprint, replace_file

MAX_FILES = 2_000_000
MAX_FILE_BYTES = 256_000_000
"""Of one file, which is read into memory; the arrays of CIFAR-10-C have 154 million."""
MAX_TOTAL_BYTES = 64_000_000_000
MAX_RATIO = 200
"""Times its own size that an archive may hold; photographs and digits reach 20."""
FREE_BYTES = 100_000_000
"""What any archive may hold, however small it is."""
MAX_PART = 255
MAX_NAME = 1_000
SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".zip")


@dataclass(frozen=True)
class Member:
    """One regular file of a source, not read yet."""

    name: PurePosixPath
    size: int
    read: Callable[[], bytes]


def members(source: Path, zipped: bool = False) -> Iterator[Member]:
    """Every regular file; a member must be read before the next one is asked for. A zip may go by another name.

    Raises InputError for a source of another kind, for members that point outside it, that are no plain files, or
    that would overwrite each other on some machine, and for archives that are damaged or hold more than the limits.
    """
    total, names = 0, _Names()
    allowed = MAX_TOTAL_BYTES if source.is_dir() else _allowance(source)
    try:
        for count, entry in enumerate(entries_of_zip(source) if zipped else _entries(source), 1):
            total += entry.size
            if entry.size > MAX_FILE_BYTES:
                raise InputError(f"{source}: {entry.name!r} is larger than {MAX_FILE_BYTES:,} bytes")
            if count > MAX_FILES or total > allowed:
                raise InputError(f"{source}: more than {MAX_FILES:,} files or {allowed:,} bytes")
            name = names.take(entry)
            if entry.read:
                yield Member(name, entry.size, partial(_read, source, entry.read))
    except Exception as error:  # tarfile, zipfile, zlib and lzma have error types of their own
        raise _in_words(source, error) from None


def unusable(path: str) -> str | None:
    """Why a path as a user wrote it leads to no folder or archive, or nothing if it does."""
    source = expanded(path)
    try:
        with reading(source):
            found = source.is_dir() or (source.is_file() and source.name.lower().endswith(SUFFIXES))
    except InputError as error:
        return str(error).removesuffix(".")
    return None if found else f"{path!r} is neither a folder nor one of {', '.join(SUFFIXES)}"


def content(source: Path, limit: int) -> bytes:
    """All bytes of one file, unpacked if its suffix says that it is packed. Raises InputError beyond the limit."""
    data = bytearray()
    try:
        with unpacked(source) as stream:
            while chunk := stream.read(CHUNK):
                data += chunk
                if len(data) > limit:
                    raise InputError(f"{source}: holds more than {limit:,} bytes")
    except Exception as error:
        raise _in_words(source, error) from None
    return bytes(data)


def _read(source: Path, read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except Exception as error:
        raise _in_words(source, error) from None


def _in_words(source: Path, error: Exception) -> InputError:
    """One line that begins with the source, whatever went wrong in it."""
    if isinstance(error, InputError):
        return error if str(error).startswith(str(source)) else InputError(f"{source}: {error}")
    return InputError(f"{source}: damaged or unreadable: {told(error)}")


def digest_of(source: Path) -> str:
    """sha256 over names and bytes of every file, whatever container holds them."""
    rows = sorted(f"{m.name} {hashlib.sha256(m.read()).hexdigest()}" for m in members(source))
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def remembered_digest(source: Path, memory: Path) -> str:
    """``digest_of``, not computed again while names, sizes and times of the files are as remembered."""
    files = sorted(source.rglob("*")) if source.is_dir() else [source]
    stats = [(str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in files if f.is_file()]
    stamp = fingerprint(stats)
    known = json.loads(memory.read_bytes()) if memory.is_file() else {}
    if known.get(str(source), {}).get("stamp") != stamp:
        known[str(source)] = {"stamp": stamp, "digest": digest_of(source)}
        memory.parent.mkdir(parents=True, exist_ok=True)
        replace_file(memory, canonical_json(known))
    return known[str(source)]["digest"]


def _entries(source: Path) -> Iterator[Entry]:
    if source.is_dir():
        yield from _entries_of_folder(source)
    elif source.name.lower().endswith((".zip", ".npz")):
        yield from entries_of_zip(source)
    elif source.name.lower().endswith(SUFFIXES):
        yield from entries_of_tar(source)
    else:
        raise InputError(f"neither a folder nor one of {', '.join(SUFFIXES)}")


def _entries_of_folder(source: Path) -> Iterator[Entry]:
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source).as_posix()
        if path.is_symlink():
            raise InputError(f"{name} is a link; put the file itself there")
        if path.is_file():
            yield Entry(name, path.stat().st_size, path.read_bytes)


class _Names:
    """The names of a source so far. Each must be a plain relative path that no other one collides with.

    Case and Unicode composition do not tell two names apart on every machine, so they do not here.
    """

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.folders: set[str] = set()

    def take(self, entry: Entry) -> PurePosixPath:
        path = _plain(entry.name)
        folded = unicodedata.normalize("NFC", str(path)).casefold()
        above = [str(parent) for parent in PurePosixPath(folded).parents][:-1]
        if entry.read is None:
            above.append(folded)
        elif not path.parts:
            raise InputError(f"{entry.name!r} is no name of a file")
        elif folded in self.files or folded in self.folders:
            raise InputError(f"{entry.name!r} stands there twice, or differs from another name by case alone")
        else:
            self.files.add(folded)
        if taken := self.files.intersection(above):
            raise InputError(f"{entry.name!r} takes the file {min(taken)!r} for a folder")
        self.folders.update(above)
        return path


def _plain(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or re.match("[A-Za-z]:", name):
        raise InputError(f"{name!r} points outside the archive")
    if not name.isprintable():
        raise InputError(f"{name!r} is no plain text")
    if len(name) > MAX_NAME or any(len(part.encode()) > MAX_PART for part in path.parts):
        raise InputError(f"{name[:40]!r}... is longer than {MAX_PART} bytes, or {MAX_NAME:,} with its folders")
    return path


def _allowance(source: Path) -> int:
    """Bytes that an archive of this size may hold."""
    size = source.stat().st_size if source.is_file() else 0
    return min(MAX_TOTAL_BYTES, max(FREE_BYTES, MAX_RATIO * size))
