"""One run at a time in a folder; what a killed one leaves is no obstacle, and a living one is never overridden."""

import errno
import json
import os
import signal
import socket
import threading
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import alone
import pytest
from alone import Holder, boot, locked_by_holder
from ledger.restoring import restore
from snakemake.exceptions import CliException, LockException

pytestmark = pytest.mark.fault
QUICK = {"beat_s": 0.05, "watched_s": 0.4}


@pytest.fixture
def holder(tmp_path):
    """Holders of one folder; those still holding let go at the end."""
    made = []

    def make() -> Holder:
        made.append(Holder(tmp_path, **QUICK))
        return made[-1]

    yield make
    for one in made:
        if hasattr(one, "_thread"):
            one.leave()


def in_child(work) -> int:
    """Do it in a process of its own, which then waits to be killed; its number."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            work()
            os.write(writer, b".")
            time.sleep(60)
        finally:
            os._exit(1)
    os.close(writer)
    assert os.read(reader, 1) == b"."
    os.close(reader)
    return child


def ended(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_who_comes_second_is_told_who_works_there(holder, tmp_path):
    child = in_child(lambda: Holder(tmp_path, **QUICK).take())
    with pytest.raises(CliException) as refusal:
        holder().take()
    said = str(refusal.value)
    assert f"process {child} on {socket.gethostname()}, since 20" in said and "\n" not in said
    ended(child)
    assert holder().take(), "it was killed, so that its marks are to be removed"


def test_restoring_beside_a_run_is_refused_in_its_words(tmp_path, capsys):
    child = in_child(lambda: Holder(tmp_path, **QUICK).take())
    persistence = SimpleNamespace(path=tmp_path, cleanup_locks=lambda: None)
    persistence.lock = lambda: locked_by_holder(nullcontext)(persistence)
    workflow = SimpleNamespace(dag=SimpleNamespace(toposorted=lambda: []), persistence=persistence)
    assert restore(workflow, dry_run=False) == 2
    said = capsys.readouterr().out
    assert f"process {child} on {socket.gethostname()}" in said and said.endswith("nothing was changed.\n")
    ended(child)
    assert restore(workflow, dry_run=True) == 0


def test_restoring_where_marks_of_others_are_is_refused(capsys):
    def marked():
        raise LockException()

    workflow = SimpleNamespace(dag=SimpleNamespace(toposorted=lambda: []), persistence=SimpleNamespace(lock=marked))
    assert restore(workflow, dry_run=False) == 2
    said = capsys.readouterr().out
    assert said.endswith("Nothing was changed.\n") and "unlock" not in said


def test_who_ends_well_leaves_nothing_to_recover(holder):
    first = holder()
    assert not first.take()
    first.leave()
    del first._thread
    assert not holder().take()


def test_of_many_that_start_at_once_one_works(tmp_path):
    for turn in range(20):
        reader, writer = os.pipe()
        begin = time.monotonic() + 0.02
        children = []
        for _ in range(4):
            children.append(os.fork())
            if not children[-1]:
                try:
                    time.sleep(max(0, begin - time.monotonic()))
                    Holder(tmp_path / str(turn), **QUICK).take()
                    os.write(writer, b"1")
                    time.sleep(60)
                except CliException:
                    os.write(writer, b"0")
                finally:
                    os._exit(0)
        told = b"".join(os.read(reader, 1) for _ in children)
        for child in children:
            ended(child)
        os.close(reader)
        os.close(writer)
        assert sorted(told) == sorted(b"0001")


def elsewhere(folder: Path) -> Path:
    """The file of a holder on another machine, whose lock this kernel does not know."""
    path = folder / "holder.json"
    facts = {"pid": 12, "host": "other", "boot": "another", "since": "2026-01-01 00:00:00", "command": "snakemake"}
    path.write_text(json.dumps(facts))
    return path


def test_a_holder_on_another_machine_that_beats_is_respected(holder, tmp_path):
    path, done = elsewhere(tmp_path), threading.Event()

    def beat():
        while not done.wait(0.05):
            os.utime(path)

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        with pytest.raises(CliException, match="process 12 on other"):
            holder().take()
    finally:
        done.set()
        thread.join()
    assert json.loads(path.read_bytes())["pid"] == 12, "its file is as it was"


def test_a_holder_on_another_machine_that_is_silent_is_gone(holder, tmp_path):
    elsewhere(tmp_path)
    start = time.monotonic()
    assert holder().take() and time.monotonic() - start < 2


def test_without_locks_of_the_kernel_beats_decide(holder, tmp_path, monkeypatch):
    def unsupported(*_):
        raise OSError(errno.ENOLCK, "no locks here")

    monkeypatch.setattr(alone.fcntl, "flock", unsupported)
    assert not holder().take()
    with pytest.raises(CliException, match=f"process {os.getpid()} on"):
        holder().take()
    child = in_child(lambda: Holder(tmp_path / "b", **QUICK).take())
    ended(child)
    assert Holder(tmp_path / "b", **QUICK).take()


def test_half_a_holder_file_is_no_obstacle_and_tells_of_a_kill(holder, tmp_path):
    (tmp_path / "holder.json").write_text('{"pid": 1')
    assert holder().take()


def test_marks_are_removed_after_a_kill_and_only_then(tmp_path):
    removed, locks = [], tmp_path / "locks"

    class Marks:
        path = tmp_path

        def cleanup_locks(self):
            removed.append(1)

    from contextlib import nullcontext

    lock = locked_by_holder(lambda marks: nullcontext())
    with lock(Marks()):
        pass
    assert not removed
    ended(in_child(lambda: Holder(tmp_path, **QUICK).take()))
    with lock(Marks()):
        assert json.loads((tmp_path / "holder.json").read_bytes())["boot"] == boot()
    assert removed == [1] and locks.is_dir() and (tmp_path / "holder.json").read_bytes() == b""


def test_whoever_lost_the_folder_ends_himself(tmp_path):
    child = in_child(lambda: Holder(tmp_path, **QUICK).take())
    elsewhere(tmp_path)
    end = time.monotonic() + 5
    while time.monotonic() < end and os.waitpid(child, os.WNOHANG) == (0, 0):
        time.sleep(0.02)
    with pytest.raises(ChildProcessError):
        os.waitpid(child, 0)
