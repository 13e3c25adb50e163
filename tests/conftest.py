"""Fixtures shared by every test."""

import atexit
import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import pytest
from faults.project import Project
from filelock import FileLock
from projects import BIN, ROOT, SMOKE, copy_project, run

from shiftpress.core.device import DEVICE
from shiftpress.core.params import Params
from shiftpress.loading import load_study

os.environ[DEVICE] = "cpu"  # the numbers that tests know are the CPU's, whatever the machine has


@pytest.fixture(scope="session")
def params() -> Params:
    return load_study([str(ROOT / "params.yaml")])


def shared(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that the first who needs it makes; shared by all workers, so nobody may change it."""
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent
    target = base / name
    with FileLock(f"{target}.lock"):
        if not (target / "done").exists():
            make(target)
            (target / "done").touch()
    return target


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the smoke tier has run; nobody may change it."""

    def make(target: Path) -> None:
        copy_project(target)
        run(BIN / "snakemake", *SMOKE, cwd=target, forked=False)  # once just as one types it

    return shared(tmp_path_factory, "finished", make)


@pytest.fixture(scope="session")
def finished_tiny(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy in which the tiny tier has run: one or two jobs of every kind; nobody may change it."""
    return Project(shared(tmp_path_factory, "finished_tiny", Project.finished))


@pytest.fixture
def workspace(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished project that a test may change."""
    return shutil.copytree(finished, tmp_path / "project", symlinks=True)


@pytest.fixture(scope="module", autouse=True)
def plugged_in(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nobody pulls the plug but in tests of faults: elsewhere, to wait for the disk is most of what writing takes."""
    if request.path.parent.name == "faults":
        yield
    else:
        with mock.patch.object(os, "fsync", lambda handle: None):
            yield


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collected tests, and all they import, stay: the garbage collector would look through them again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
        atexit.register(gc.unfreeze)  # or extension modules would complain of leaks at the end


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, or one worker would still be at them when the other has no more to do."""
    items.sort(key=lambda item: -max((mark.kwargs.get("minutes", 0) for mark in item.iter_markers("slow")), default=0))
