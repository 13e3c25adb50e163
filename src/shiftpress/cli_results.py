"""Verbs that read the results of runs. Heavy imports happen inside them."""

from pathlib import Path
from typing import Annotated

import typer

from shiftpress.verbs import TIER, plainly

RUN = Annotated[str, typer.Argument(help="a tier of this folder, or the results folder of any run")]


@plainly
def claims(
    tier: TIER = "laptop",
    require: Annotated[
        list[str] | None,
        typer.Option("--require", help="ID=VERDICT, for CI: leave with code 1 unless it is so; may be repeated"),
    ] = None,
) -> None:
    """Print the verdict on every claim of the last run. The exit code is 0 whatever they are."""
    from shiftpress.core.problems import InputError
    from shiftpress.core.storage import DamagedArtefact, read_json
    from shiftpress.reporting.verdicts import lines, unmet

    try:
        rows = read_json(f"results/{tier}/claims.json")
    except DamagedArtefact as error:
        raise InputError(f"{error}. Has the tier been run?") from None
    missed = unmet(rows, require or [])
    for line in lines(rows):
        print(line)
    for line in missed:
        typer.echo(line, err=True)
    if missed:
        raise typer.Exit(1)


@plainly
def compare(
    a: RUN,
    b: RUN,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="HTML file to write, with everything")] = None,
) -> None:
    """Say what differs between two runs: settings, code, environment, data, metrics, verdicts."""
    from shiftpress.core.files import write_file
    from shiftpress.reporting.differences import compared
    from shiftpress.reporting.side_by_side import page, text

    found = compared(_folder(a), _folder(b))
    print(text(found))
    if out is not None:
        write_file(out, page(found, Path("report/templates"), Path("report/static/style.css")).encode())
        print(f"written: {out}")


@plainly
def export(
    out: Annotated[Path, typer.Option("-o", "--out", help="folder to write; it must be new or empty")],
    tier: TIER = "laptop",
) -> None:
    """Write a run as tidy tables with a data dictionary, and as a Workflow Run RO-Crate around them."""
    from shiftpress.exporting.folder import export as write

    for name, size in write(_folder(tier), out):
        print(f"{size:>12,} bytes  {out / name}")


@plainly
def publish(
    out: Annotated[Path, typer.Option("-o", "--out", help="folder to write; what a former run left there is replaced")],
    tier: TIER = "laptop",
) -> None:
    """Copy what is kept of a finished run beside the code: verdicts, records, description and report."""
    from shiftpress.exporting.publishing import publish as write

    for name, size in write(_folder(tier), out):
        print(f"{size:>12,} bytes  {out / name}")


def _folder(run: str) -> Path:
    """The results folder that a tier or a path names. Raises InputError if it is not there."""
    from shiftpress.core.problems import InputError

    for folder in (Path("results") / run, Path(run)):
        if folder.is_dir():
            return folder
    raise InputError(f"There is no run {run!r}: neither results/{run} nor {run} is a folder.")
