"""The command line, for what is no step of the pipeline. Heavy imports happen inside the verbs."""

from pathlib import Path
from typing import Annotated, Any

import typer

from shiftpress.cli_card import card
from shiftpress.cli_codec import codec
from shiftpress.cli_deck import deck
from shiftpress.cli_doctor import doctor
from shiftpress.cli_ledger import restore, verify
from shiftpress.cli_ledger import status as standing
from shiftpress.cli_results import claims, compare, export, publish
from shiftpress.cli_slot import slot
from shiftpress.verbs import plainly

app = typer.Typer(
    help="Compression under distribution shift: verbs beside the pipeline.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

data = typer.Typer(help="Raw data: bring it, look at it, compare copies of it.", no_args_is_help=True)
app.add_typer(data, name="data")
app.add_typer(codec, name="codec")
app.add_typer(card, name="card")
app.add_typer(deck, name="deck")
for verb in (claims, compare, export, publish, doctor, slot, verify, restore):
    app.command()(verb)
app.command("status")(standing)


@app.command()
@plainly
def check(
    overlays: Annotated[list[Path] | None, typer.Argument(help="files laid over params.yaml, in order")] = None,
) -> None:
    """Check params.yaml and overlays; say every mistake with its file and line."""
    from shiftpress.loading import load_study

    params = load_study(["params.yaml", *map(str, overlays or [])])
    print(f"The params are sound: tier {params.run.tier}, {len(params.run.seeds)} seeds.")


NAMES = Annotated[list[str] | None, typer.Argument(help="entries of params.yaml or kinds; none: what the study reads")]
OVERLAYS = Annotated[list[Path] | None, typer.Option("--overlay", help="file laid over params.yaml, such as a tier")]


@data.command()
@plainly
def stage(
    names: NAMES = None,
    overlays: OVERLAYS = None,
    mirrors: Annotated[
        list[str] | None, typer.Option("--mirror", help="folder or address laid out like data/raw; tried first")
    ] = None,
) -> None:
    """Bring raw files from mirrors, packages and hosts, and check them. Nothing else ever uses the network."""
    from shiftpress.core.problems import InputError
    from shiftpress.staging import named
    from shiftpress.staging import stage as bring

    failed = []
    for name, dataset in named(names or [], _study(overlays)).items():
        try:
            for line in bring(name, dataset, mirrors or []):
                print(line, flush=True)
        except InputError as error:
            failed.append(str(error))
    if failed:
        raise InputError("\n".join(failed))


@data.command()
@plainly
def status(names: NAMES = None, overlays: OVERLAYS = None) -> None:
    """Say of every raw file of the datasets in params.yaml whether it is there, and where it came from."""
    from shiftpress.staging import named
    from shiftpress.staging import status as standing

    params = _study(overlays)
    chosen = named(names or list(params.datasets), params)
    rows = list(dict.fromkeys(row for name, dataset in chosen.items() for row in standing(name, dataset)))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for name, path, state in rows:
        print(f"{name:{widths[0]}}  {path:{widths[1]}}  {state}")


@data.command("verify")
@plainly
def verify_copy(
    name: Annotated[str, typer.Argument(help="entry of params.yaml or kind")],
    path: Annotated[Path, typer.Argument(help="idx files, npz, picture folder or archive, parquet")],
) -> None:
    """Say whether a copy in any container holds the very images of a dataset."""
    from shiftpress.staging import named, verify

    for line in verify(name, named([name], _study(None))[name], path):
        print(line)


def _study(overlays: list[Path] | None) -> Any:
    from shiftpress.loading import load_study

    return load_study(["params.yaml", *map(str, overlays or [])])


@app.command()
def reference(
    check_only: Annotated[bool, typer.Option("--check", help="write nothing; fail if a file is behind")] = False,
) -> None:
    """Write docs/params.md, the JSON Schemas and the pages' tables of the published run anew."""
    from shiftpress.reference import documents

    behind = [p for p, text in documents().items() if not Path(p).is_file() or Path(p).read_text() != text]
    for path in behind:
        if not check_only:
            Path(path).write_text(documents()[path])
        print(f"{'behind' if check_only else 'written'}: {path}")
    raise typer.Exit(1 if check_only and behind else 0)


if __name__ == "__main__":
    app()
