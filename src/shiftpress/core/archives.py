"""The only opener of tar and zip files: what stands in them, one entry at a time, nothing written anywhere.

``core/contents.py`` checks names and sizes of what this module yields; this one checks what only the format can tell:
links and devices, hidden sizes, overlapping or encrypted members, and that an archive ends where it says.
"""

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from shiftpress.core.problems import InputError, told

CHUNK = 1 << 20
MAX_EXTRA_HEADER = 1 << 14
"""Bytes of a header that a tar member may carry before its own; tarfile holds the whole of it in memory."""
PACKED = {".gz": gzip.open, ".tgz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}
EXTRA_HEADERS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


@dataclass(frozen=True)
class Entry:
    """A file or a folder as an archive names it; a folder has nothing to read."""

    name: str
    size: int
    read: Callable[[], bytes] | None


def unpacked(source: Path) -> BinaryIO:
    """The bytes of a file behind its compression, which its suffix names."""
    return PACKED.get(source.suffix.lower(), open)(source, "rb")


def entries_of_tar(source: Path) -> Iterator[Entry]:
    """Entries in the order of the file; one must be read before the next is asked for."""
    with unpacked(source) as stream, tarfile.open(fileobj=stream, mode="r|", tarinfo=_Header) as archive:
        for info in archive:
            if not (info.isdir() or info.isreg()) or info.issparse():
                raise InputError(f"{source}: {info.name!r} is a link or a device; only files are read")
            yield Entry(info.name, info.size, partial(_read_tarred, archive, info) if info.isreg() else None)
        # A tar may end before its stream does. Only the end of the stream proves that nothing is cut off, and only
        # zeros up to there that nothing stands behind the end.
        while rest := archive.fileobj.read(CHUNK):
            if rest.strip(b"\0"):
                raise InputError(f"{source}: damaged: there is more after the end of the archive")


class _Header(tarfile.TarInfo):
    """One header block. tarfile takes a damaged or missing one for the end of the archive; here it is damage."""

    @classmethod
    def frombuf(cls, buf: bytes, encoding: str, errors: str) -> "_Header":
        try:
            info = super().frombuf(buf, encoding, errors)
        except tarfile.EOFHeaderError:
            raise
        except tarfile.HeaderError as error:
            raise InputError(f"damaged: {told(error)}") from None
        if info.size < 0 or (info.type in EXTRA_HEADERS and info.size > MAX_EXTRA_HEADER):
            raise InputError(f"damaged: a header claims {info.size:,} bytes")
        return info


def _read_tarred(archive: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    return archive.extractfile(info).read()


def entries_of_zip(source: Path) -> Iterator[Entry]:
    """Entries in the order of the archive's directory."""
    with zipfile.ZipFile(source) as archive:
        _refuse_overlaps(archive)
        for info in archive.infolist():
            _check_zipped(source, info)
            read = None if info.is_dir() else partial(_read_zipped, archive, info)
            yield Entry(info.orig_filename, info.file_size, read)


def _refuse_overlaps(archive: zipfile.ZipFile) -> None:
    """Members that share bytes let a small file claim to hold any amount."""
    end = 0
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise InputError(f"{archive.filename}: {info.filename!r} shares bytes with another member")
        end = info.header_offset + info.compress_size


def _check_zipped(source: Path, info: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise InputError(f"{source}: {info.filename!r} is a link or a device; only files are read")
    if info.is_dir() and info.file_size:
        raise InputError(f"{source}: {info.filename!r} is a folder with content")
    if info.flag_bits & 1:
        raise InputError(f"{source}: {info.filename!r} is encrypted; pack it anew without a password")
    # the others may unpack a few bytes into gigabytes in one step
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(f"{source}: {info.filename!r} is neither stored nor deflated; pack it anew")


def _read_zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """At most the declared size: zipfile checks the length and the CRC, but only of what it was asked for."""
    with archive.open(info) as file:
        data = file.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise InputError(f"{archive.filename}: {info.filename!r} is not of its declared size")
    return data
