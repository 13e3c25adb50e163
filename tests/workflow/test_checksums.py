"""Checksums of inputs are remembered while the files stay as they are, and never longer."""

import asyncio
import os
import time
from types import SimpleNamespace

import checksums
import pytest


@pytest.fixture
def taken(tmp_path):
    """A way to ask for the checksum of ``path``, a file of some age, and whose each computation is in ``asked``."""
    path, asked = tmp_path / "input", []

    async def plainly(file, threshold=None, force=False, algorithm=None):
        asked.append(threshold)
        return path.read_text() if path.exists() else None

    def ask(threshold=100, **file):
        told = SimpleNamespace(**({"file": str(path), "is_storage": False} | file))
        return asyncio.run(method(told, threshold))

    method = checksums.remembering(plainly)
    write(path, "one")
    return SimpleNamespace(path=path, asked=asked, ask=ask)


def write(path, text, age_s=10.0):
    path.write_text(text)
    then = time.time() - age_s
    os.utime(path, (then, then))


@pytest.fixture(autouse=True)
def old(monkeypatch):
    """The time of the last change of a file's times cannot be set: the clock goes ahead instead."""
    monkeypatch.setattr(checksums.time, "time", lambda now=time.time: now() + 5)


def test_a_file_that_stays_is_read_once(taken):
    assert [taken.ask() for _ in range(3)] == ["one"] * 3
    assert len(taken.asked) == 1


def test_a_file_that_changes_is_read_again_though_size_and_time_are_the_same(taken):
    assert taken.ask() == "one"
    before = os.stat(taken.path)
    taken.path.unlink()
    taken.path.write_text("two")
    os.utime(taken.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert taken.ask() == "two" and len(taken.asked) == 2


def test_a_file_just_written_is_not_remembered(taken, monkeypatch):
    monkeypatch.setattr(checksums, "SETTLED_S", 60.0)
    assert taken.ask() == "one"
    taken.path.write_text("two")
    assert taken.ask() == "two"
    assert taken.ask() == "two" and len(taken.asked) == 3


def test_a_file_that_changes_while_it_is_read_is_not_remembered(taken, monkeypatch):
    stamps = iter([(1,), (2,), (2,), (2,)])
    monkeypatch.setattr(checksums, "stamp_of", lambda path: next(stamps))
    assert taken.ask() == "one"
    taken.path.write_text("two")
    assert taken.ask() == "two"


def test_sizes_up_to_which_checksums_are_wanted_are_told_apart(taken):
    taken.ask(100)
    taken.ask(10)
    assert taken.asked == [100, 10]


def test_a_missing_file_and_one_that_is_elsewhere_are_never_remembered(taken):
    taken.ask(is_storage=True)
    taken.ask(is_storage=True)
    taken.path.unlink()
    assert taken.ask() is None and taken.ask() is None and len(taken.asked) == 4
