"""Freed memory is kept: a pass of a network does not fault in again what the pass before it had."""

import platform
import subprocess
import sys

import pytest

PASSES = """
import resource, sys
import torch
from shiftpress.classifiers.convs import ConvS
from shiftpress.core.determinism import prepare
from shiftpress.evaluation.cards import logits
if sys.argv[1] == "prepared":
    prepare(1)
torch.set_num_threads(1)
net, images = ConvS().build((3, 32, 32), 10).eval(), torch.rand(500, 3, 32, 32)
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for turn in range(12):
    if turn == 2:
        before = faults()
    logits(net, images)
print(faults() - before)
"""
PAGES = 500 * 16 * 16 * 16 * 4 // 4096
"""Of what the first convolution gives."""


def _faults(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", PASSES, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc's")
def test_a_prepared_job_faults_the_pages_of_its_tensors_in_once():
    """Ten passes; the setting is what makes the difference.

    Without it, something small that happens to stand behind the tensors may keep their pages now and then. With it, a
    kernel may take back a few that it thinks are idle: at most 2,000 were seen, beside 77,000.
    """
    assert any(_faults("prepared") < PAGES for _ in range(4))
    assert any(_faults("as Python starts") > 5 * PAGES for _ in range(4))
