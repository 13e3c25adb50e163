"""Fixtures shared by every test."""

import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock
from projects import ROOT, SMOKE, copy_project, snakemake

from shiftpress.core.params import Params
from shiftpress.loading import load_study


@pytest.fixture(scope="session")
def params() -> Params:
    return load_study([str(ROOT / "params.yaml")])


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the smoke tier has run; shared, so nobody may change it."""
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent
    target = base / "finished"
    with FileLock(f"{target}.lock"):
        if not (target / "done").exists():
            copy_project(target)
            snakemake(*SMOKE, cwd=target)
            (target / "done").touch()
    return target


@pytest.fixture
def workspace(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished project that a test may change."""
    return shutil.copytree(finished, tmp_path / "project", symlinks=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, or one worker would still be at them when the other has no more to do."""
    items.sort(key=lambda item: -max((mark.kwargs.get("minutes", 0) for mark in item.iter_markers("slow")), default=0))
