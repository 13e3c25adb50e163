"""What a job need not pay for before it begins."""

import subprocess
import sys

CHECKED = """
import sys
print(sorted({"torch._dynamo", "torch._inductor"} & set(sys.modules)))
"""


DETERMINISTIC = """
import torch
from shiftpress.core.determinism import prepare
prepare(1)
assert torch.are_deterministic_algorithms_enabled()
assert not torch.is_deterministic_algorithms_warn_only_enabled()
"""
TRAINING = """
import tempfile
from pathlib import Path
import torch
from shiftpress.codecs.fixed_rate import FixedRate
from shiftpress.objectives.wasserstein_dro import WassersteinDRO
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.progress import Progress
from shiftpress.training.codecs import train_codec
recipe = {"epochs": 2, "batch": 2, "lr": 0.01, "drops": [0.5], "drop_factor": 0.2}
seeds = {"init_seed": 0, "order_seed": 0, "draw_seed": 0}
objective = WassersteinDRO(steps=1)
with tempfile.TemporaryDirectory() as folder:
    kept = {"store": Checkpoints("c", Path(folder)), "progress": Progress("codec", 2)}
    train_codec(FixedRate(width=1), objective, torch.rand(4, 1, 16, 16), **kept, **recipe, **seeds)
"""
READING = """
import torch
from shiftpress.core.catalog import component
from shiftpress.core.folding import folded
with torch.device("meta"):
    folded(component("classifiers", "preact_resnet")().build((3, 32, 32), 10))
"""


def compilers(code: str) -> list[str]:
    """Which parts of torch's compiler are there, as CHECKED tells wherever it stands in the code."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if line.startswith("[")]


def test_to_be_deterministic_and_to_train_a_codec_imports_no_compiler():
    """Both in one process, as in a job: which parts of torch's compiler are there after each."""
    assert compilers(DETERMINISTIC + CHECKED + TRAINING + CHECKED) == ["[]", "[]"]


def test_to_read_what_a_rounded_network_holds_imports_no_compiler():
    assert compilers(READING + CHECKED) == ["[]"]
