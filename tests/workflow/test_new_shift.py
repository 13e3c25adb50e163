"""A shift is added by one file and one line: it enters the DAG, the contract tests and the report."""

import json

import pytest
from projects import BIN, SMOKE, planned, run, snakemake

FADING = '''"""Fading towards mid-grey."""

from torch import Tensor

from pydantic import Field

from shiftpress.core.draws import Draws
from shiftpress.shifts.base import Shift


class Fading(Shift):
    """Grey levels drawn towards the middle."""

    title = "fading to grey"
    unit = "share lost"

    severities: list[float] = Field([0.5], description="share of contrast that is lost")

    def apply(self, images: Tensor, severity: float, draws: Draws) -> Tensor:
        return 0.5 + (1 - severity) * (images - 0.5)
'''


@pytest.mark.slow(minutes=2)
def test_one_file_and_one_line_add_a_shift(workspace):
    (workspace / "src/shiftpress/shifts/fading.py").write_text(FADING)
    params = workspace / "params.yaml"
    params.write_text(
        params.read_text().replace("shifts:\n", "shifts:\n  faded: {kind: fading, severities: [0.3, 0.6]}\n")
    )
    smoke = workspace / "tiers/smoke.yaml"
    smoke.write_text(smoke.read_text().replace("shifts: [clean, ", "shifts: [clean, faded, "))
    assert planned(workspace)["shift_images"] == 1
    snakemake(*SMOKE, cwd=workspace)
    records = json.loads((workspace / "results/smoke/metrics.json").read_bytes())
    assert "faded" in records["cards"]["mnist5k"]["convs/clean/dense"]["accuracy"]
    assert "fading to grey" in (workspace / "results/smoke/report/index.html").read_text()
    tested = run(BIN / "python", "-m", "pytest", "-v", "-p", "no:cacheprovider", "tests/contract/test_shifts.py",
                 "tests/contract/test_catalog.py", cwd=workspace).stdout  # fmt: skip
    assert "faded" in tested and "shifts-fading" in tested
