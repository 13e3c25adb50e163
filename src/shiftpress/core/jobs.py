"""What every workflow script does around its one library call."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from shiftpress.core.problems import InputError
from shiftpress.core.storage import DamagedArtefact


@contextmanager
def job(log: str) -> Iterator[None]:
    """Send logging, and the traceback of a failure, to the log file of the rule."""
    logging.basicConfig(
        filename=log,
        filemode="w",
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        force=True,
    )
    logging.getLogger("shiftpress").info("started, process %s", os.getpid())
    try:
        yield
    except (InputError, DamagedArtefact) as error:  # the user can mend these: the words matter, not where we noticed
        logging.getLogger("shiftpress").error("%s", error)
        print(error, file=sys.stderr)
        sys.exit(InputError.exit_code)
    except Exception:
        logging.getLogger("shiftpress").exception("job failed")
        raise
    logging.getLogger("shiftpress").info("finished")
