"""A process that can start over with torch, until its first job."""

import os
import sys
from collections.abc import Callable
from typing import NoReturn

INSISTED = "SHIFTPRESS_PLAN_WITH_TORCH"
"""Set in the environment of a process that has started over, or by a user."""
IMPORTING = "<frozen importlib._bootstrap>"


class Leaving:
    """What ends before this process starts over, and whether it no longer can."""

    first: Callable[[], None] = staticmethod(lambda: None)
    settled = False


def start_over(wanted: str) -> NoReturn:
    """Begin this process anew, with torch; what it has begun ends as if it had been killed."""
    if Leaving.settled:
        raise RuntimeError(f"{wanted} is wanted of torch, which was not there for the plan; run with {INSISTED}=1")
    print(f"Planning needs torch ({wanted}) and starts over with it.", file=sys.stderr)
    Leaving.first()
    sys.stdout.flush()
    sys.stderr.flush()
    os.environ[INSISTED] = "1"
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def importing() -> bool:
    """Whether a module is being imported, in whose course this was called."""
    frame = sys._getframe()
    while frame and frame.f_code.co_filename != IMPORTING:
        frame = frame.f_back
    return frame is not None
