"""All kinds of training and scoring on a device that is not the CPU: see ``tests/pretended``."""

import os
import subprocess
import sys

import pytest
from projects import ROOT

FOLDER = ROOT / "tests" / "pretended"


@pytest.mark.slow(minutes=1)
@pytest.mark.parametrize("name", ["pretended_training", "pretended_scoring"])
def test_another_device_gives_the_numbers_of_the_cpu(name, tmp_path):
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--no-header",
        f"--basetemp={tmp_path / 'base'}",
        "-p",
        "no:cacheprovider",
    ]
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_"))}
    done = subprocess.run([*words, FOLDER / f"{name}.py"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
