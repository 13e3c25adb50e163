"""What the process that jobs are forked from holds stands in large pages."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from warm.scripts import Warm
from warm_jobs import WORKFLOW, outcome

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="scripts are forked on Linux only")


def large(pid: int) -> int:
    """KiB of a process in large pages."""
    line = next(line for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if "AnonHuge" in line)
    return int(line.split()[1])


GATHER = """
import sys
from pathlib import Path
from warm import pages
kept = [bytes([n % 251]) * (1 << 20) for n in range(64)] + [bytearray(range(256)) * (1 << 16)]
pages.gather()
assert all(block == bytes([n % 251]) * (1 << 20) for n, block in enumerate(kept[:-1]))
assert kept[-1] == bytes(range(256)) * (1 << 16)
print(next(line.split()[1] for line in Path("/proc/self/smaps_rollup").read_text().splitlines() if "AnonHuge" in line))
"""


def gathered() -> int:
    """KiB that a process of its own had in large pages after it gathered them; what it holds has stayed the same."""
    env = os.environ | {"PYTHONPATH": str(WORKFLOW)}
    return int(
        subprocess.run([sys.executable, "-c", GATHER], env=env, capture_output=True, text=True, check=True).stdout
    )


def test_large_pages_hold_what_small_ones_did_and_many_jobs_are_forked_from_them(script):
    if not (found := gathered()):
        pytest.skip("the kernel knows no MADV_COLLAPSE")
    assert found >= 8 << 10
    warm, job = Warm(["json", "numpy"]), script("pass")
    try:
        outcome(warm, job)
        before = large(warm.process.pid)
        ends = [outcome(warm, job)["status"] for _ in range(20)]
        after = large(warm.process.pid)
    finally:
        warm.stop()
    assert ends == [0] * 20 and after > before
