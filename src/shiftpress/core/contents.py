"""The files inside a folder, a tar or a zip: read one by one, never extracted, never trusted."""

import bz2
import gzip
import hashlib
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from shiftpress.core.problems import InputError
from shiftpress.core.storage import canonical_json, fingerprint, replace_file

MAX_FILES = 2_000_000
MAX_FILE_BYTES = 64_000_000
MAX_TOTAL_BYTES = 64_000_000_000
CHUNK = 1 << 20
SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".zip")


@dataclass(frozen=True)
class Member:
    """One regular file of a source, not read yet."""

    name: PurePosixPath
    size: int
    read: Callable[[], bytes]


def members(source: Path) -> Iterator[Member]:
    """Every regular file; a member must be read before the next one is asked for.

    Raises InputError for a source of another kind, for members that point outside it, for links and devices, and for
    archives that are damaged or unpack to more than the limits.
    """
    total = 0
    try:
        for count, (name, size, read) in enumerate(_members(source), 1):
            total += size
            if size > MAX_FILE_BYTES:
                raise InputError(f"{source}: {name!r} is larger than {MAX_FILE_BYTES:,} bytes")
            if count > MAX_FILES or total > MAX_TOTAL_BYTES:
                raise InputError(f"{source}: more than {MAX_FILES:,} files or {MAX_TOTAL_BYTES:,} bytes")
            yield Member(_safe(source, name), size, read)
    except InputError:
        raise
    except Exception as error:  # tarfile, zipfile, zlib and lzma have error types of their own
        raise InputError(f"{source}: damaged or unreadable: {error}") from None


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


Raw = tuple[str, int, Callable[[], bytes]]


def _members(source: Path) -> Iterator[Raw]:
    if source.is_dir():
        yield from _from_folder(source)
    elif source.name.lower().endswith(".zip"):
        yield from _from_zip(source)
    elif source.name.lower().endswith(SUFFIXES):
        yield from _from_tar(source)
    else:
        raise InputError(f"{source}: neither a folder nor one of {', '.join(SUFFIXES)}")


def _from_folder(source: Path) -> Iterator[Raw]:
    for path in sorted(source.rglob("*")):
        if path.is_symlink():
            raise InputError(f"{source}: {path.relative_to(source)} is a link; put the file itself there")
        if path.is_file():
            yield path.relative_to(source).as_posix(), path.stat().st_size, path.read_bytes


def _from_zip(source: Path) -> Iterator[Raw]:
    with zipfile.ZipFile(source) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                yield info.filename, info.file_size, partial(_read_zipped, archive, info)


def _read_zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """At most the declared size: zipfile checks the length and the CRC, but only of what it was asked for."""
    with archive.open(info) as file:
        data = file.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise InputError(f"{archive.filename}: {info.filename!r} is not of its declared size")
    return data


def _from_tar(source: Path) -> Iterator[Raw]:
    with _decompressed(source) as stream:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for info in archive:
                if not info.isdir() and not info.isreg():
                    raise InputError(f"{source}: {info.name!r} is a link or a device; only files are read")
                if info.isreg():
                    yield info.name, info.size, partial(_read_tarred, archive, info)
        # a tar may end before its stream does; only the end of the stream proves that nothing is cut off
        for _ in range(MAX_TOTAL_BYTES // CHUNK):
            if not stream.read(CHUNK):
                return
        raise InputError(f"{source}: more than {MAX_TOTAL_BYTES:,} bytes")


def _decompressed(source: Path) -> BinaryIO:
    name = source.name.lower()
    if name.endswith((".tar.gz", ".tgz")):
        return gzip.open(source)
    if name.endswith(".tar.xz"):
        return lzma.open(source)
    return bz2.open(source) if name.endswith(".tar.bz2") else open(source, "rb")


def _read_tarred(archive: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    return archive.extractfile(info).read()


def _safe(source: Path, name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise InputError(f"{source}: {name!r} points outside the archive")
    return path
