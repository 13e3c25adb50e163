"""Kills real processes at random moments of their work, however slow the machine is."""

import os
import random
import signal
import time
from collections.abc import Callable

from shiftpress.core.checkpoints import Checkpoints

PAUSE_S = 0.03
"""Longer than a small step and its checkpoint: a kill can come anywhere between two checkpoints, and inside one."""


def checkpoints_of(command: Callable[[], object]) -> int:
    """How many checkpoints a command writes."""
    seen, write = [], Checkpoints.write
    Checkpoints.write = lambda store, *args: (write(store, *args), seen.append(1))
    try:
        command()
    finally:
        Checkpoints.write = write
    return len(seen)


def killed(command: Callable[[], object], most: int, moments: random.Random) -> bool:
    """Run the command in a process of its own; kill that after up to ``most`` checkpoints and a random pause.

    Counted in checkpoints, not seconds: a busy machine would be killed before its first one each time. Whether the
    process was still at work.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:  # a killed process runs no clean-up of ours either way
        write = Checkpoints.write
        Checkpoints.write = lambda store, *args: (write(store, *args), os.write(writer, b"."))
        try:
            command()
        finally:
            os._exit(0)
    os.close(writer)
    for _ in range(moments.randint(0, most)):
        if not os.read(reader, 1):  # it has ended
            break
    time.sleep(moments.uniform(0, PAUSE_S))
    os.kill(child, signal.SIGKILL)
    os.close(reader)
    return os.waitpid(child, 0)[1] == signal.SIGKILL
