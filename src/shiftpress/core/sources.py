"""Raw files by what they must hold: which digests are accepted, and where they can be had. Touches no network."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from shiftpress.core.problems import InputError
from shiftpress.core.yamlfile import read_yaml

MAX_BYTES = 20_000_000_000
"""Of a file whose size nobody has published."""
HEAD = 512
"""Bytes at the start of a file that ``strange`` wants to see."""
# A tar begins with a file name, so it has no entry.
MAGIC = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".zip": b"PK", ".mat": b"MATLAB 5.0 MAT-file"}
# MD5 is what the hosts publish. It guards against mix-ups and damage: nobody can yet make other bytes of a given MD5.
ALGORITHMS = {"md5": partial(hashlib.md5, usedforsecurity=False), "sha256": hashlib.sha256}


class Unavailable(Exception):
    """A place does not give the file; the words say why."""


@dataclass(frozen=True)
class Source:
    """One raw file of a dataset: its name, the bytes that are accepted as it, and the places that may have them."""

    name: str
    accepted: Mapping[str, int | None]
    """Digests, as ``md5:<hex>`` or ``sha256:<hex>``, with the size in bytes if it is known. Several, where somebody
    has packed the same content anew."""
    urls: tuple[str, ...] = ()
    """Official hosts, the best first."""
    shipped: Path | None = None
    """Where an installed package keeps the file."""
    pointer: Path | None = None
    """A DVC pointer to it."""

    @property
    def sizes(self) -> set[int]:
        """All sizes the file may have; empty if one of them is unknown."""
        sizes = set(self.accepted.values())
        return set() if None in sizes else sizes

    def fault(self, path: Path) -> str | None:
        """Why a file on disk is not this one, or nothing."""
        if not path.is_file():
            return "missing"
        size = path.stat().st_size
        fitting = {digest for digest, known in self.accepted.items() if known in (None, size)}
        if not fitting:
            return f"it has {size:,} bytes, not {' or '.join(f'{known:,}' for known in sorted(self.sizes))}"
        found = {f"{name}:{_digest(path, name)}" for name in {digest.partition(":")[0] for digest in fitting}}
        return None if found & fitting else f"it has {', '.join(sorted(found))}, not {' or '.join(sorted(fitting))}"

    def strange(self, head: bytes) -> str | None:
        """Why a file that begins like this cannot be the one, or nothing."""
        magic = MAGIC.get(Path(self.name).suffix, b"")
        if head.lstrip()[:1] == b"<" and not (magic and head.startswith(magic)):
            return "host returned an HTML page"
        return None if head.startswith(magic) else f"host returned something that is no {Path(self.name).suffix} file"

    @property
    def described(self) -> str:
        """The accepted bytes in words."""
        return " or ".join(f"{d}{f', {size:,} bytes' if size else ''}" for d, size in self.accepted.items())


def _digest(path: Path, algorithm: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, ALGORITHMS[algorithm]).hexdigest()


def tracked_source(pointer: Path, shipped: Path | None) -> Source:
    """The one file that a DVC pointer tracks. Raises InputError if the pointer is none."""
    try:
        (out,) = read_yaml(pointer).data.get("outs")
        return Source(Path(out["path"]).name, {f"md5:{out['md5']}": int(out["size"])}, shipped=shipped, pointer=pointer)
    except (TypeError, KeyError, ValueError):
        raise InputError(f"{pointer}: not a DVC pointer to one file; see the others in its folder") from None
