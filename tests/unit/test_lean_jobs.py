"""What a job need not pay for before it begins."""

import subprocess
import sys

CHECKED = """
import sys
print(sorted({"torch._dynamo", "torch._inductor"} & set(sys.modules)))
"""


def imported_by(code: str) -> str:
    """Which parts of torch's compiler some code imports."""
    done = subprocess.run([sys.executable, "-c", code + CHECKED], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_to_be_deterministic_imports_no_compiler():
    code = """
import torch
from shiftpress.core.determinism import prepare
prepare(1)
assert torch.are_deterministic_algorithms_enabled()
assert not torch.is_deterministic_algorithms_warn_only_enabled()
"""
    assert imported_by(code) == "[]"
