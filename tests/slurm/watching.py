"""Watches the processes of jobs from outside: which are at work on what, and whether two ever are on the same."""

import os
import threading
import time
from collections import defaultdict
from pathlib import Path

PAUSE_S = 0.1


class Watch(threading.Thread):
    """Looks, again and again, for processes that hold a rule's log open: each job does, as long as it works."""

    def __init__(self, logs: Path):
        super().__init__(daemon=True)
        self.logs = f"{logs.resolve()}/"
        self.over = threading.Event()
        self.looks = 0
        self.seen: dict[str, set[int]] = defaultdict(set)
        """Log: the processes that have worked on it."""
        self.twice: set[tuple[str, tuple[int, ...]]] = set()
        """Logs that several processes had open in two looks running."""

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self.over.set()
        self.join()

    def run(self) -> None:
        before: set[tuple[str, tuple[int, ...]]] = set()
        while not self.over.wait(PAUSE_S):
            at_work = self.at_work()
            self.looks += 1
            for log, pids in at_work.items():
                self.seen[log] |= pids
            now = {(log, tuple(sorted(pids))) for log, pids in at_work.items() if len(pids) > 1}
            self.twice |= now & before
            before = now

    def at_work(self) -> dict[str, set[int]]:
        """Logs, and the processes that hold them open."""
        found, parents = defaultdict(set), {}
        for process in os.scandir("/proc"):
            if process.name.isdigit():
                for log in self.open_logs(process.path):
                    found[log].add(int(process.name))
                    parents[int(process.name)] = parent_of(process.path)
        # what a job starts to help it, as the drawing of the report does, is that job
        return {log: {pid for pid in pids if parents[pid] not in pids} for log, pids in found.items()}

    def open_logs(self, process: str) -> list[str]:
        """Of one process that is a job, forked from Snakemake and under its name, or that jobs are forked from."""
        try:
            with open(f"{process}/cmdline", "rb") as file:
                if b"snakemake" not in file.read():
                    return []
            paths = [os.readlink(entry.path) for entry in os.scandir(f"{process}/fd")]
        except OSError:  # it has ended
            return []
        return [path for path in paths if path.startswith(self.logs) and path.endswith(".log")]


def parent_of(process: str) -> int | None:
    """The number of the process that started it, or nothing if it has ended."""
    try:
        with open(f"{process}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return None


def until(true, seconds: float, pause: float = 0.2) -> bool:
    """Wait until something is true; whether it became so in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(pause)
    return False
