"""Leaving when told to: a job stops after its step, keeps its state, and asks for another turn by its exit code.

SIGTERM is what schedulers send at a time limit or for a job of higher priority, SIGUSR1 what they send ahead of one if
asked to. Work that keeps checkpoints goes on to the end of its step and leaves through ``Checkpoints.write``, so that
every training loop stops in the one way; work that keeps none has nothing to finish and leaves at once.
"""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

EXIT_CODE = 85
"""Says to whoever started the job: start it again, it goes on where it was."""
SIGNALS = (signal.SIGTERM, signal.SIGUSR1)


class Preempted(BaseException):
    """The job was told to leave. No Exception: whoever handles errors of the work must not hold it up."""


class _Order:
    """Whether this process was told to leave, and whether its work leaves by itself after a step."""

    heard = False
    steps = False


@contextmanager
def heeding() -> Iterator[None]:
    """Hear the signals until the block is left. Raises Preempted in it once the work has stopped.

    After that they mean nothing more: the process is about to end, and may be told twice. Signals reach main threads
    only; elsewhere they keep the meaning that they have.
    """
    _Order.heard = _Order.steps = False
    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.signal(number, _hear) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if _Order.heard else handler)
        _Order.heard = _Order.steps = False


def leaves_after_steps() -> None:
    """From here on the work looks out for itself: it asks ``told_to_leave``, keeps its state, and calls ``leave``."""
    _Order.steps = True


def told_to_leave() -> bool:
    """Whether the state should be kept now, whenever it was kept last."""
    return _Order.heard


def leave() -> None:
    """Raise Preempted if the process was told to leave; the state is kept."""
    if _Order.heard:
        raise Preempted


def _hear(number: int, frame: object) -> None:
    if _Order.heard:  # the job may hear it from its scheduler and from the process that it was forked from
        return
    _Order.heard = True
    name = signal.Signals(number).name
    logging.getLogger("shiftpress").warning("%s: told to leave%s", name, " after this step" if _Order.steps else "")
    if not _Order.steps:
        raise Preempted
