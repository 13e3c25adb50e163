"""What all verbs of the command line have in common."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shiftpress.core.params import Params

TIER = Annotated[str, typer.Option(help="tier to look at: laptop, smoke, standard, paper or one of yours")]


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
    from shiftpress.core.problems import InputError
    from shiftpress.loading import load_study

    overlay = Path("tiers") / f"{tier}.yaml"
    params = load_study(["params.yaml", *([str(overlay)] if overlay.is_file() else [])])
    if params.run.tier != tier:
        raise InputError(f"No params are known for tier {tier!r}: {overlay} is missing or names another tier.")
    return params
