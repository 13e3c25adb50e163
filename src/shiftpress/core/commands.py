"""Other programs of the machine, asked for what they know."""

import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Ran:
    """How a program ended and what it wrote."""

    code: int
    out: str
    err: str


def run(command: list[str], timeout_s: float = 60.0) -> Ran | None:
    """Run a program to its end; None if there is no such program, or it takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=timeout_s)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Ran(done.returncode, done.stdout.strip(), done.stderr.strip())
