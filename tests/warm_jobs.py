"""Jobs that are forked from a warm process, as the tests of that look at them."""

import os
import time
from pathlib import Path

import psutil
from warm.scripts import told

WORKFLOW = Path(__file__).parents[1] / "workflow"


def outcome(warm, script, **env) -> dict:
    """How a script ended, and what it took."""
    with warm.ask(script, os.environ | env) as answers:
        return told(answers) | told(answers)


def gone(pid: int, within: float = 5) -> bool:
    """Whether a process ends in time."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.01)
    return False


def appeared(path: Path, within: float = 20) -> bool:
    """Whether a file is there in time."""
    end = time.monotonic() + within
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.01)
    return path.exists()
