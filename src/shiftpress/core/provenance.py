"""Which source files the result of a module depends on."""

import ast
import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from shiftpress.core.storage import fingerprint, read_facts

PACKAGE = __name__.split(".")[0]
ROOT = Path(__file__).parents[2]
"""The folder that holds the package."""


NEUTRAL = {f"{PACKAGE}.{name}" for name in ("assembly", "core.jobs", "core.progress")}
"""Not followed: they choose the component that the params name, or tell how far a job is, and decide no number."""


def sources(*starts: str) -> list[str]:
    """Source files a result depends on: the starts, and every package module they import, directly or not.

    A start is a module name or the path of a script. Paths are relative to the cwd if inside it.
    """
    found: dict[str, Path] = {}
    queue = list(starts)
    while queue:
        name = queue.pop()
        if name not in found and (path := _file(name)):
            found[name] = path
            queue += _imports(path)
    return sorted({_relative(path) for path in found.values()})


def digest_of(files: Iterable[str | Path]) -> str:
    """One sha256 over the names and bytes of files, whatever their order."""
    rows = sorted(f"{Path(file).as_posix()} {hashlib.sha256(Path(file).read_bytes()).hexdigest()}" for file in files)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def producer(params: Mapping[str, Any], code: Iterable[str], upstream: Iterable[str] = ()) -> str:
    """Fingerprint of a job: its params, its code, and the fingerprints of the jobs whose artefacts it reads.

    Names of recipes, not bytes of files: how seeds are spread over jobs changes files and leaves it alone.
    """
    above = [read_facts(path)["producer"] for path in upstream]
    return fingerprint(dict(params), digest_of(code), above)


@cache
def _file(start: str) -> Path | None:
    if start.endswith(".py"):
        return Path(start)
    if start in NEUTRAL or start.split(".")[0] != PACKAGE:
        return None
    # by path: asking importlib would import the parents, and with them torch and matplotlib
    path = ROOT.joinpath(*start.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


@cache
def _imports(path: Path) -> tuple[str, ...]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(names)


def _relative(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
