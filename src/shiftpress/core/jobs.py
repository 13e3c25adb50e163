"""What every workflow script does around its one library call."""

import errno
import logging
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from shiftpress.core.leases import lease
from shiftpress.core.preemption import EXIT_CODE, Preempted, heeding
from shiftpress.core.problems import InputError
from shiftpress.core.storage import DamagedArtefact

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def job(log: str) -> Iterator[None]:
    """Send logging, and the traceback of a failure, to the log file of the rule, which names the job.

    No other process is at the same job meanwhile. Told to leave, the process ends with the code that asks for another
    turn.
    """
    with ExitStack() as held:
        try:
            held.enter_context(lease(log))
        except InputError as error:  # the log is that of whoever is at it
            print(error, file=sys.stderr)
            sys.exit(InputError.exit_code)
        _write_to(log)
        try:
            with heeding():
                yield
        except Preempted:
            text = "left when told to; started again, it goes on from its last checkpoint"
            logging.getLogger("shiftpress").warning(text)
            print(f"{log}: {text}", file=sys.stderr)
            sys.exit(EXIT_CODE)
        except (InputError, DamagedArtefact) as error:  # the user can mend these: the words matter, not where
            logging.getLogger("shiftpress").error("%s", error)
            print(error, file=sys.stderr)
            sys.exit(InputError.exit_code)
        except OSError as error:
            if error.errno not in FULL:
                logging.getLogger("shiftpress").exception("job failed")
                raise
            text = f"{error.filename or 'A file'} cannot be written: {error.strerror}. Make room and run again"
            logging.getLogger("shiftpress").error("%s", text)
            print(f"{text}; what is unfinished was kept or removed whole.", file=sys.stderr)
            sys.exit(InputError.exit_code)
        except Exception:
            logging.getLogger("shiftpress").exception("job failed")
            raise
        logging.getLogger("shiftpress").info("finished")


def _write_to(log: str) -> None:
    logging.basicConfig(
        filename=log,
        filemode="w",
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        force=True,
    )
    logging.getLogger("shiftpress").info("started, process %s on %s", os.getpid(), platform.node())
