"""The part of a finished run that is small enough to be kept beside the code: what ``shiftpress publish`` writes.

The files keep their names, so that ``shiftpress compare`` sets a published run beside any other.
"""

from collections.abc import Iterator
from pathlib import Path

from shiftpress.core.problems import InputError
from shiftpress.core.storage import DamagedArtefact, read_artefact, read_facts, write_artefact
from shiftpress.exporting.folder import RESULTS, same_code
from shiftpress.reporting.received import run_of

KEPT = (*RESULTS, "made.json", "scores.parquet")
"""Files of a results folder: verdicts, report, description, times, and every record."""


def publish(results: Path, out: Path) -> Iterator[tuple[str, int]]:
    """Copy what is kept, each file with its digest; names and sizes.

    Raises InputError if something is damaged or missing, if the run was made from what is in no commit, or if the code
    of the current folder is not what the run was described with.
    """
    run = run_of(results)
    same_code(run)
    if run["commit"] == "unknown" or run["commit"].endswith("-dirty"):
        raise InputError(
            f"The run was described at commit {run['commit']}: nobody could get the code that made it. Commit, and let "
            "`snakemake -R describe_run` describe it anew."
        )
    for name, (data, facts) in {name: _read(results / name) for name in KEPT}.items():
        write_artefact(out / name, data, facts["producer"], facts["repeats"])
        yield name, len(data)


def _read(path: Path) -> tuple[bytes, dict]:
    try:
        return read_artefact(path), dict(read_facts(path))
    except DamagedArtefact as error:
        raise InputError(str(error)) from None
