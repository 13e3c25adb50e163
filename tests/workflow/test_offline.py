"""After staging, everything runs on a machine without a network."""

import shutil
import subprocess

import pytest
from projects import BIN, SMOKE, copy_project, run

pytestmark = pytest.mark.slow(minutes=1)

TINY = """
run: {tier: tiny, seeds: [0], seeds_per_job: 1}
fit: {codecs: {epochs: 1}}
datasets: {mnist5k: {limit: 64}}
study: {shifts: [clean], compressed_under: all, codecs: [fixed10], objectives: [erm], classifiers: [convs],
  pruners: [lrr]}
"""
ALONE = ("unshare", "--map-root-user", "--net")
REACH = "import socket; socket.create_connection(('192.0.2.1', 80), 2)"


@pytest.fixture(scope="module")
def alone():
    """A command prefix under which there is no network."""
    if not shutil.which("unshare"):
        pytest.skip("there is no unshare here to take the network away with")
    tried = subprocess.run([*ALONE, "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"the kernel does not let us take the network away: {tried.stderr.strip()}")
    return ALONE


def test_everything_after_staging_needs_no_network(alone, tmp_path):
    project = copy_project(tmp_path / "project")
    (project / "tiers/tiny.yaml").write_text(TINY)
    run(BIN / "shiftpress", "data", "stage", "mnist5k", cwd=project)
    refused = run(*alone, BIN / "python", "-c", REACH, cwd=project, check=False)
    assert "Network is unreachable" in refused.stderr
    done = run(*alone, BIN / "snakemake", "--cores", "2", *SMOKE, "tiers/tiny.yaml", cwd=project)
    assert (project / "results/tiny/report/index.html").is_file(), done.stderr
