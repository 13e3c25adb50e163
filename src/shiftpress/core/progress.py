"""Progress of long work, as plain lines: jobs run side by side, and bars would overwrite each other."""

import logging
import sys
import time

INTERVAL_S = 5.0


class Progress:
    """Says how far the work is, on the terminal at most every few seconds and in the job's log each time."""

    def __init__(self, label: str, total: int):
        self.label, self.total, self.done = label, total, 0
        self._start = self._said = time.monotonic()

    def step(self, note: str = "") -> None:
        """One more unit is done."""
        self.done += 1
        now = time.monotonic()
        line = f"{self.label}: {self.done}/{self.total} {note}".rstrip()
        logging.getLogger("shiftpress").info(line)
        if now - self._said >= INTERVAL_S:
            self._said = now
            left = (now - self._start) / self.done * (self.total - self.done)
            print(f"    {line} ({left:.0f} s left)", file=sys.stderr, flush=True)
