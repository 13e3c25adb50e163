"""Kills inside the writing of checkpoints, and disks that are full at any step of a write."""

import errno
import os
import random
import signal
import struct
import time
from pathlib import Path
from unittest import mock

import torch
from faults.outcome import Outcome

from shiftpress.core import storage
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.storage import DamagedArtefact, read_artefact, write_artefact

NUMBERS = 300_000
"""In a state: a write takes some milliseconds, so that kills find it at work."""


def inside_checkpoints(folder: Path, tries: int, seed: int) -> Outcome:
    """K2: SIGKILL between the begin of a write and some time after its end: the state of it or of the one before."""
    outcome, moments, halves, before = Outcome(), random.Random(seed), 0, 0
    for number in range(tries):
        root = folder / str(number)
        begun, last = _killed_writer(root, moments)
        found = Checkpoints("c", root).read("state")
        known = found["turn"] if found else -1
        whole = found is None or bool((found["numbers"] == found["turn"]).all())
        outcome.check(whole and last <= known <= begun, f"try {number}: {known} of {begun}, {last} was whole")
        halves += len(list(root.rglob(".*.tmp")))
        before += known < begun
        Checkpoints("c", root).write("state", {"turn": 0, "numbers": torch.zeros(1)})
        left = [path.name for path in root.rglob(".*.tmp") if path.name.startswith(".state.0")]
        if len(list(root.rglob(".*.tmp"))) > 1:
            outcome.failures.append(f"try {number}: {left} were left over")
    outcome.worst = f"{before} fell back to the state before, {halves} left half a file"
    return outcome


def _killed_writer(root: Path, moments: random.Random) -> tuple[int, int]:
    """Kill a process that writes states in a loop; the number of the last that it began and of the last it ended."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            store = Checkpoints("c", root)
            for turn in range(1000):
                os.write(writer, struct.pack("<i", turn))
                store.write("state", {"turn": turn, "numbers": torch.full((NUMBERS,), float(turn))})
                os.write(writer, struct.pack("<i", -1 - turn))
        finally:
            os._exit(0)
    os.close(writer)
    wanted, seen, started = 2 * moments.randint(1, 4), [], time.monotonic()
    while len(seen) <= wanted:
        seen.append(struct.unpack("<i", os.read(reader, 4))[0])
    took = (time.monotonic() - started) / (wanted / 2)
    time.sleep(moments.uniform(0, took))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while word := os.read(reader, 4):
        seen.append(struct.unpack("<i", word)[0])
    os.close(reader)
    return max(n for n in seen if n >= 0), max((-1 - n for n in seen if n < 0), default=-1)


class Full:
    """A disk that has room for so many calls that write, and then for none; a last write may fit in part."""

    def __init__(self, room: int, code: int):
        self.room, self.code, self.calls = room, code, 0

    def call(self, real):
        def checked(*words, **named):
            self.calls += 1
            if self.calls > self.room:
                raise OSError(self.code, os.strerror(self.code), "the disk")
            return real(*words, **named)

        return checked

    def opened(self, real):
        def checked(path, mode="r", *rest, **named):
            if not set(mode) & set("wax+"):
                return real(path, mode, *rest, **named)
            file = self.call(real)(path, mode, *rest, **named)
            plain, disk = file.write, self

            class Part:
                def __enter__(self):
                    return self

                def __exit__(self, *_):
                    file.close()

                def write(self, data):
                    try:
                        return disk.call(plain)(data)
                    except OSError:
                        plain(data[: len(data) // 2])
                        raise

                def flush(self):
                    disk.call(file.flush)()

                fileno = file.fileno

            return Part()

        return checked


def full_disk(folder: Path, tries: int, seed: int) -> Outcome:
    """K3: no room (ENOSPC, EDQUOT, EFBIG) at any step of a write: one error, the old whole or nothing, no half."""
    outcome, codes, deepest = Outcome(), (errno.ENOSPC, errno.EDQUOT, errno.EFBIG), 0
    for number in range(tries):
        path, old = folder / str(number) / "thing.bin", number % 2 == 0
        if old:
            write_artefact(path, b"before", "me")
        steps = 12
        disk = Full(number // 2 % steps, codes[number % 3])
        failed = _write_to(disk, path, b"x" * 10_000)
        deepest = max(deepest, disk.calls)
        try:
            found = read_artefact(path)
        except DamagedArtefact:
            found = None
        sound = found == b"x" * 10_000 if not failed else found in ([b"before", None, b"x" * 10_000])
        halves = list(path.parent.glob(".*.tmp")) if path.parent.is_dir() else []
        again = _write_to(Full(10**9, 0), path, b"after") is None and read_artefact(path) == b"after"
        outcome.check(sound and not halves and again, f"room for {disk.room} calls: {found!r:.20}, {halves}, {again}")
    outcome.worst = f"each of {deepest} calls of a write failed"
    return outcome


def _write_to(disk: Full, path: Path, data: bytes) -> OSError | None:
    names = ("fsync", "replace")
    fakes = [mock.patch.object(storage.os, name, disk.call(getattr(os, name))) for name in names]
    fakes.append(mock.patch("builtins.open", disk.opened(open)))
    try:
        for fake in fakes:
            fake.start()
        write_artefact(path, data, "me")
    except OSError as error:
        return error
    finally:
        for fake in fakes:
            fake.stop()
    return None
