"""What all verbs of the command line have in common."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Annotated

import typer

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
