"""What all verbs of the command line have in common."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shiftpress.core.params import Params

TIER = Annotated[str, typer.Option(help="tier to look at: laptop, smoke, narrowed, standard, paper or one of yours")]


def plainly(verb: Callable[..., None]) -> Callable[..., None]:
    """Say the user's mistakes in plain words and leave with code 2, without a traceback."""

    @wraps(verb)
    def wrapped(*args: object, **kwargs: object) -> None:
        from shiftpress.core.problems import InputError

        try:
            verb(*args, **kwargs)
        except InputError as error:
            print(error, file=sys.stderr)
            raise typer.Exit(InputError.exit_code) from None

    return wrapped


def params_of(tier: str) -> "Params":
    """The params of a tier: its overlay laid over params.yaml, as the pipeline does."""
    from shiftpress.loading import load_study

    return load_study(["params.yaml", *overlays_of(tier)])


def overlays_of(tier: str) -> list[str]:
    """The files that are laid over params.yaml for a tier. Raises InputError if together they are another tier."""
    from shiftpress.core.layers import read_layers
    from shiftpress.core.problems import InputError

    overlay = Path("tiers") / f"{tier}.yaml"
    files = [str(overlay)] if overlay.is_file() else []
    run = read_layers(["params.yaml", *files]).data.get("run")
    if not isinstance(run, dict) or run.get("tier") != tier:
        raise InputError(f"No params are known for tier {tier!r}: {overlay} is missing or names another tier.")
    return files
