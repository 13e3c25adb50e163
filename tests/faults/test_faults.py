"""Each fault at the size of every submission; `make faults` runs them at full size."""

import json
import operator
from pathlib import Path

import pytest
from faults import hostile, images
from faults.every import FAULTS
from faults.outcome import BEGIN, END, README, block, read_table
from faults.sharing import shared_out

pytestmark = pytest.mark.fault


@pytest.mark.slow(minutes=3)
@pytest.mark.parametrize("fault", [f for f in FAULTS if f.on_project and f.small], ids=lambda fault: fault.id)
def test_a_run_survives(fault, finished_tiny, tmp_path):
    outcome = fault.tried(finished_tiny, tmp_path / "project", fault.small, 0)
    assert outcome.failures == [] and outcome.tries >= fault.small


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.small and not f.on_project], ids=lambda fault: fault.id)
def test_it_survives(fault, tmp_path):
    outcome = fault.tried(tmp_path / "folder", fault.small, 0)
    assert outcome.failures == [] and outcome.tries >= fault.small


def test_a_failure_is_told(tmp_path, monkeypatch):
    """The counters can fail: a reader that takes everything is found out."""
    monkeypatch.setattr(images, "decode", lambda name, data: images.np.zeros((1, 1, 1, 1), images.np.uint8))
    monkeypatch.setattr(hostile, "read_tensors", lambda path: {})
    assert images.pictures(tmp_path, 50, 0).failures and hostile.models(tmp_path, 50, 0).failures


def test_the_readme_shows_what_the_last_run_of_make_faults_found():
    rows, text = read_table(), README.read_text()
    assert text[text.index(BEGIN) : text.index(END)] == block(rows)
    assert set(rows) <= {fault.id for fault in FAULTS}
    kept = json.loads((Path(__file__).parents[2] / "docs/faults.json").read_text())
    assert [item["id"] for item in kept] == sorted(rows) and not any(item["failures"] for item in kept)


def test_tries_that_are_shared_out_are_all_made_with_seeds_of_their_own():
    assert shared_out(operator.add, 25, 3, part=10) == [10 + 3_000_000, 10 + 3_000_001, 5 + 3_000_002]
    assert shared_out(operator.add, 10, 3, part=10) == [13], "few stay as they are"
