"""Raw data files: tracked by DVC pointers, taken from wherever the right bytes can be had."""

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from shiftpress.core.problems import InputError
from shiftpress.core.storage import replace_file
from shiftpress.core.yamlfile import read_yaml


@dataclass(frozen=True)
class Pointer:
    """What a ``.dvc`` file says about the one file it tracks."""

    md5: str
    size: int

    def matches(self, data: bytes) -> bool:
        """Whether these are the tracked bytes. DVC's md5 guards against mix-ups, not against forgery."""
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        return len(data) == self.size and md5 == self.md5


def read_pointer(path: str | Path) -> Pointer:
    """Read a ``.dvc`` file that tracks a single file. Raises InputError if it is none."""
    outs = read_yaml(path).data.get("outs")
    try:
        (out,) = outs
        return Pointer(md5=str(out["md5"]), size=int(out["size"]))
    except (TypeError, KeyError, ValueError):
        raise InputError(f"{path}: not a DVC pointer to one file; see the others in its folder") from None


def obtain(raw: Path, pointer_file: Path, embedded: Path | None) -> str:
    """Put the tracked bytes at ``raw`` and say where they came from.

    Takes the file that an installed package ships, if it is the tracked one, and else asks the DVC remote. Raises
    InputError when neither has it.
    """
    pointer = read_pointer(pointer_file)
    if embedded and embedded.is_file():
        data = embedded.read_bytes()
        if pointer.matches(data):
            raw.parent.mkdir(parents=True, exist_ok=True)
            replace_file(raw, data)
            return f"package file {embedded.name}"
    said = _pull(pointer_file)
    if raw.is_file() and pointer.matches(raw.read_bytes()):
        return "DVC remote"
    shipped = f"the installed package does not ship it ({embedded})" if embedded else "no package ships it"
    raise InputError(
        f"{raw}: {shipped}, and the DVC remote does not have it either: {said}. "
        f"Put the file there yourself (md5 {pointer.md5}, {pointer.size:,} bytes) or run dvc pull "
        "with a remote that has it."
    )


def _pull(pointer_file: Path) -> str:
    """Ask the default DVC remote for what a pointer tracks; the last line it said."""
    command = [sys.executable, "-m", "dvc", "pull", "--quiet", str(pointer_file)]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else f"dvc pull ended with code {done.returncode}"
