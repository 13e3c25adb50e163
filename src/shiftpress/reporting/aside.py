"""Work that a second process does meanwhile."""

from collections.abc import Callable
from multiprocessing import get_context
from typing import TypeVar

Result = TypeVar("Result")


def aside(work: Callable[[], Result]) -> Callable[[], Result]:
    """Begin in a forked process, which sees everything that is there now. What is returned waits for the result.

    An exception there is raised here. Only for processes without threads: a lock that one holds would stay closed.
    """
    context = get_context("fork")
    here, there = context.Pipe(duplex=False)

    def run() -> None:
        here.close()
        try:
            there.send((work(), None))
        except Exception as error:
            there.send((None, error))

    process = context.Process(target=run, daemon=True)
    process.start()
    there.close()

    def result() -> Result:
        try:
            found, error = here.recv()
        except EOFError:
            raise RuntimeError("the second process ended without a result") from None
        process.join()
        if error is not None:
            raise error
        return found

    return result


def at_once(work: Callable[[], Result]) -> Callable[[], Result]:
    """The same in this process, before it returns."""
    found = work()
    return lambda: found
