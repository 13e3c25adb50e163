"""What stands on disk is good only if it is whole and today's recipe made it; so is what was made of it."""

import json
from pathlib import Path

import pytest

from shiftpress.core.audit import Job, audit, same_size, set_aside
from shiftpress.core.cache import damaged_objects
from shiftpress.core.provenance import producer
from shiftpress.core.storage import read_facts, sidecar, write_artefact, write_json


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    """A prepared data set, weights trained on it, their scores; run, each with its own code."""
    monkeypatch.chdir(tmp_path)
    for name in ("prepare.py", "train.py", "score.py"):
        Path(name).write_text(name)
    files = {"card": "results/card.json", "weights": "results/weights.bin", "scores": "results/scores.json"}
    made = {name: [path, sidecar(path)] for name, path in files.items()}
    found = [
        Job("fetch_data", {"kind": "digits"}, {}, {}, ["data/raw/digits.gz"], brought=True),
        Job("prepare_data", {}, {"limit": 9}, {"code": ["prepare.py"], "raw": ["data/raw/digits.gz"]}, made["card"],
            measured=files["card"]),
        Job("train", {"seeds": "0"}, {"lr": 0.1}, {"code": ["train.py"], "card": files["card"]}, made["weights"]),
        Job("score", {"seeds": "0"}, {}, {"code": ["score.py"], "weights": files["weights"],
            "weights_digest": made["weights"][1]}, made["scores"]),
    ]  # fmt: skip
    Path("data/raw").mkdir(parents=True)
    Path("data/raw/digits.gz").write_bytes(b"digits")
    write_json(files["card"], {"pixels_sha256": "abc"}, producer({"limit": 9, "pixels": "abc"}, found[1].inputs))
    write_artefact(files["weights"], b"weights", producer({"lr": 0.1}, found[2].inputs))
    write_artefact(files["scores"], b"1", producer({}, found[3].inputs))
    return found


def standings(jobs, check=same_size):
    return {job.rule: standing for job, standing, _ in audit(jobs, check)}


ALL_GOOD = dict.fromkeys(["fetch_data", "prepare_data", "train", "score"], "good")


def test_what_was_just_made_is_good(jobs):
    assert standings(jobs) == ALL_GOOD


def test_a_changed_param_makes_stale_what_depends_on_it(jobs):
    changed = [Job(**{**vars(job), "params": {"lr": 0.2}}) if job.rule == "train" else job for job in jobs]
    assert standings(changed) == {**ALL_GOOD, "train": "stale", "score": "stale"}


def test_changed_code_makes_stale_what_depends_on_it(jobs):
    Path("score.py").write_text("other")
    assert standings(jobs) == {**ALL_GOOD, "score": "stale"}
    Path("prepare.py").write_text("other")
    assert set(standings(jobs[1:]).values()) == {"stale"}


def test_other_pixels_make_stale_what_depends_on_them(jobs):
    write_json("results/card.json", {"pixels_sha256": "abd"}, read_facts("results/card.json")["producer"])
    assert set(standings(jobs[1:]).values()) == {"stale"}


def test_what_is_missing_leaves_what_was_made_of_it_good(jobs):
    for file in jobs[2].files:
        Path(file).unlink()
    assert standings(jobs) == {**ALL_GOOD, "train": "missing"}


def test_damage_is_found_by_size_at_once_and_by_digest_if_asked(jobs):
    from shiftpress.core.storage import read_artefact

    Path("results/weights.bin").write_bytes(b"weightz")
    assert standings(jobs) == ALL_GOOD
    assert standings(jobs[1:], read_artefact)["train"] == "damaged"
    Path("results/weights.bin").write_bytes(b"weight")
    assert standings(jobs)["train"] == "damaged"
    Path("results/scores.json.json").write_text("{")
    assert standings(jobs)["score"] == "damaged"


def test_what_is_set_aside_is_gone_from_its_place_and_whole_elsewhere(jobs):
    moved = set_aside(jobs[2], Path("work/aside"))
    assert [str(path) for path in moved] == [f"work/aside/{file}" for file in jobs[2].files]
    assert standings(jobs)["train"] == "missing" and moved[0].read_bytes() == b"weights"


def test_jobs_survive_their_way_through_json(jobs):
    assert [Job(**json.loads(json.dumps(vars(job)))) for job in jobs] == jobs


def test_damage_in_the_cache_of_dvc_is_found(tmp_path):
    place = tmp_path / "files/md5/90"
    place.mkdir(parents=True)
    (place / "0150983cd24fb0d6963f7d28e17f72").write_bytes(b"abc")
    assert damaged_objects(tmp_path / "files/md5") == (1, [])
    (place / "0150983cd24fb0d6963f7d28e17f72").write_bytes(b"abd")
    count, (words,) = damaged_objects(tmp_path / "files/md5")
    assert count == 1 and "0150983c" in words
