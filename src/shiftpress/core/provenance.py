"""Which source files the result of a module depends on."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from shiftpress.core.storage import fingerprint, read_facts, replace_file

PACKAGE = __name__.split(".")[0]
ROOT = Path(__file__).parents[2]
"""The folder that holds the package."""

SOURCES = ("code", "templates", "ledgers")
"""Names of the inputs that are files which people write; they count by their bytes."""
RAW = "raw"
"""Name of the input that is raw data; its digest is a param."""
SPREAD = "networks"
"""Name of the param that says which seeds are in which file; their bytes differ by it, and no number does."""

LISTINGS = Path("work/code")
"""Where lists of source files are."""

NEUTRAL = {f"{PACKAGE}.{name}" for name in ("assembly", "core.jobs", "core.preemption", "core.progress", "core.slots")}
"""Not followed: they choose the component that params name, tell how far a job is, stop it or have it wait; no number
is theirs."""


def sources(*starts: str) -> list[str]:
    """Source files a result depends on: the starts, and every package module they import, directly or not.

    A start is a module name or the path of a script. Paths are relative to the cwd if inside it.
    """
    return list(_sources(starts, Path.cwd()))


@cache
def _sources(starts: tuple[str, ...], here: Path) -> list[str]:
    return sorted({_relative(path, here) for start in starts for path in _reached(start)})


@cache
def _reached(start: str) -> frozenset[Path]:
    """The file of a start, and all that it imports."""
    found: dict[str, Path] = {}
    queue = [start]
    while queue:
        name = queue.pop()
        if name not in found and (path := _file(name)):
            found[name] = path
            queue += _imports(path)
    return frozenset(found.values())


def digest_of(files: Iterable[str | Path]) -> str:
    """One sha256 over the names and bytes of files, whatever their order."""
    rows = sorted(f"{Path(file).as_posix()} {hashlib.sha256(Path(file).read_bytes()).hexdigest()}" for file in files)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def listing(files: Sequence[str], folder: Path = LISTINGS) -> str:
    """A file that lists source files with their digests, named by what it says: one input in the place of many.

    A job has thirty to fifty source files, and Snakemake looks at every input of every job anew.
    """
    return str(_listing(tuple(files), Path.cwd(), folder))


@cache
def _listing(files: tuple[str, ...], here: Path, folder: Path) -> Path:
    text = "".join(f"{_sha256(Path(file))} {file}\n" for file in files).encode()
    path = folder / f"{hashlib.sha256(text).hexdigest()[:16]}.txt"
    if not path.is_file() or path.read_bytes() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text)
    return path


@cache
def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def producer(
    params: Mapping[str, Any], inputs: Mapping[str, str | Sequence[str]], made_by: Callable[[str], str] | None = None
) -> str:
    """Fingerprint of a job: its params, its source files, and the fingerprints of the jobs whose artefacts it reads.

    The inputs are those of its rule by name, so that whoever knows the rules can tell the fingerprint before the job
    has run. ``made_by`` says what made an artefact; its sidecar does if nothing is given. Names of recipes, not bytes
    of files: how seeds are spread over jobs changes files and leaves it alone.
    """
    made_by = made_by or (lambda path: read_facts(path)["producer"])
    files = {name: [value] if isinstance(value, str) else list(value) for name, value in inputs.items()}
    code = [file for name in SOURCES for file in files.pop(name, [])]
    everything = {file for value in files.values() for file in value}
    above = {}
    for name, value in files.items():
        artefacts = [file for file in value if name != RAW and file.removesuffix(".json") not in everything - {file}]
        if artefacts:
            above[name] = sorted({made_by(file) for file in artefacts})
    own = {name: value for name, value in params.items() if name != SPREAD}
    return fingerprint(own, digest_of(code), above)


@cache
def _file(start: str) -> Path | None:
    if start.endswith(".py"):
        return Path(start)
    if start in NEUTRAL or start.split(".")[0] != PACKAGE:
        return None
    # by path: asking importlib would import the parents, and with them torch and matplotlib
    path = ROOT.joinpath(*start.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]*(?:\(([^)]*)\)[ \t]*|(.*))|import[ \t]+(.*))$", re.MULTILINE
)
NAME = re.compile(r"([\w.]+)(?:\s+as\s+\w+)?\s*(?:,|$)")


@cache
def _imports(path: Path) -> tuple[str, ...]:
    """Names a file imports, and perhaps some that only stand in its words.

    Read by lines: a parser takes ten times as long, which every start of the pipeline would pay for every file.
    """
    names: list[str] = []
    for module, several, one, plain in IMPORT.findall(COMMENT.sub("", path.read_text())):
        inside = NAME.findall((several or one).strip())
        names += [module, *(f"{module}.{name}" for name in inside)] if module else NAME.findall(plain.strip())
    return tuple(names)


COMMENT = re.compile(r"#.*$", re.MULTILINE)


@cache
def _relative(path: Path, here: Path) -> str:
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
