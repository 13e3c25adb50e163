"""Where the numbers of a report came from: code, packages, machine, moment."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from shiftpress.core.history import commit

PACKAGES = (
    "shiftpress",
    "torch",
    "torchvision",
    "numpy",
    "scipy",
    "pandas",
    "snakemake",
    "dvc",
    "compressai",
)


def origin() -> dict[str, str]:
    """Facts about this moment and this machine. They differ between runs, so they enter no artefact but the page."""
    return {
        "time": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "host": platform.node(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": platform.platform(),
        "python": platform.python_version(),
        "commit": commit(),
    }


def packages() -> dict[str, str]:
    """Installed versions of the packages that make the numbers."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def code_files() -> list[Path]:
    """The files of the project that say how results are made and shown."""
    roots = [Path("src"), Path("workflow"), Path("claims"), Path("report")]
    files = [path for root in roots for path in root.rglob("*") if path.is_file()]
    suffixes = (".py", ".smk", ".yaml", ".j2", ".css", ".js", ".csv")
    return sorted(path for path in files if path.suffix in suffixes) + [p for p in [Path("Snakefile")] if p.is_file()]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
