"""Each fault at the size of every submission; `make faults` runs them at full size."""

import json
from pathlib import Path

import pytest
from faults import damage, hostile, images, kills, numbers, saves, texts
from faults.outcome import BEGIN, END, README, block, read_table
from faults.project import Project
from faults.run import FAULTS

pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
def finished_tiny(tmp_path_factory) -> Project:
    """A project in which the tiny tier has run; nobody may change it."""
    return Project.finished(tmp_path_factory.mktemp("faults") / "finished")


@pytest.mark.slow
@pytest.mark.xdist_group("faults")
@pytest.mark.parametrize(
    ("tried", "tries"),
    [
        (kills.in_rules, 24),
        (kills.with_grace, 2),
        (kills.two_at_once, 2),
        (kills.half_made, 5),
        (damage.in_results_and_cache, 190),
        (damage.advice, 1),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_run_survives(tried, tries, finished_tiny, tmp_path):
    outcome = tried(finished_tiny, tmp_path / "project", tries, 0)
    assert outcome.failures == [] and outcome.tries >= tries


@pytest.mark.parametrize(
    ("tried", "tries"),
    [
        (saves.inside_checkpoints, 50),
        (saves.full_disk, 24),
        (numbers.resumed, 4),
        (numbers.repeated, 1),
        (hostile.models, 1000),
        (hostile.checkpoints, 60),
        (images.pictures, 1000),
        (texts.params, 300),
        (texts.claims, 100),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_it_survives(tried, tries, tmp_path):
    outcome = tried(tmp_path / "folder", tries, 0)
    assert outcome.failures == [] and outcome.tries >= tries


def test_a_failure_is_told(tmp_path, monkeypatch):
    """The counters can fail: a reader that takes everything is found out."""
    monkeypatch.setattr(images, "decode", lambda name, data: images.np.zeros((1, 1, 1, 1), images.np.uint8))
    monkeypatch.setattr(hostile, "read_tensors", lambda path: {})
    assert images.pictures(tmp_path, 50, 0).failures and hostile.models(tmp_path, 50, 0).failures
    monkeypatch.setattr(damage, "damaged_below", lambda root: (0, []))


def test_the_readme_shows_what_the_last_run_of_make_faults_found():
    rows, text = read_table(), README.read_text()
    assert text[text.index(BEGIN) : text.index(END)] == block(rows)
    assert set(rows) <= {fault.id for fault in FAULTS}
    kept = json.loads((Path(__file__).parents[2] / "docs/faults.json").read_text())
    assert [item["id"] for item in kept] == sorted(rows) and not any(item["failures"] for item in kept)
