"""A run is described by what decided its numbers and by what its jobs took, and found again only when whole."""

import hashlib
import os

import pytest

from shiftpress.core.problems import InputError
from shiftpress.core.storage import write_artefact, write_json
from shiftpress.reporting.received import run_of
from shiftpress.reporting.run import described, jobs

HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"
PARAMS = {"run": {"tier": "t", "seeds": [0, 1, 2]}, "shifts": {"noise": {"kind": "awgn"}}}


def benchmark(root, name: str, seconds: str, cpu: str, memory: str, ended: int = 3600):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEAD}{seconds}\t0:00:01\t{memory}\t1\t1\t1\t1\t1\t1\t{cpu}\n")
    os.utime(path, (ended, ended))


def test_jobs_are_read_from_their_benchmarks(tmp_path):
    benchmark(tmp_path, "train_codec/d/a/erm/seeds0-2.tsv", "2.5", "2.25", "90.5")
    benchmark(tmp_path, "prepare_data/d.tsv", "1.0", "NA", "-")
    benchmark(tmp_path, "train_codec/d/a/erm/seeds7.tsv", "9", "9", "nan")
    benchmark(tmp_path, "train_codec/d/gone/erm/seeds0-2.tsv", "9", "9", "9")
    timed = ["train_codec/d/a/erm", "prepare_data/d"]
    found = jobs(tmp_path, ["0-2"], timed)
    assert [(job["rule"], job["about"]) for job in found] == [
        ("prepare_data", "d"),
        ("train_codec", "d/a/erm/seeds0-2"),
    ], "seed 7 and a codec are left over from another study"
    assert (found[0]["cpu_s"], found[0]["memory_mb"]) == (None, None)
    assert found[1] == {
        "rule": "train_codec",
        "about": "d/a/erm/seeds0-2",
        "wall_s": 2.5,
        "cpu_s": 2.25,
        "memory_mb": 90.5,
        "ended": "1970-01-01T01:00:00+00:00",
    }
    assert jobs(tmp_path, ["7"], timed)[-1]["memory_mb"] is None
    assert jobs(tmp_path / "nowhere", ["0-2"], timed) == []


def test_a_run_is_described_by_what_decided_its_numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("Snakefile", "src/a.py", "claims/p.yaml", "src/a.pyc", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    card = {"title": "Digits", "images": {"test": 5}, "pixels_sha256": {"test": "x"}, "classes": ["0"]}
    write_json("card.json", card, "me")
    write_artefact("scores.parquet", b"123", "me")
    found = described(
        params=PARAMS,
        cards={"d": "card.json"},
        artefacts=["scores.parquet"],
        benchmarks=tmp_path / "benchmarks",
        blocks=["0-2"],
        timed=[],
    )
    assert found["tier"] == "t" and found["settings"] == PARAMS and found["commit"] == "unknown"
    digest = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("Snakefile", "src/a.py", "claims/p.yaml")}
    assert found["code"] == digest
    assert found["data"] == {"d": {key: card[key] for key in ("title", "images", "pixels_sha256")}}
    assert found["artefacts"] == {"scores.parquet": {"sha256": hashlib.sha256(b"123").hexdigest(), "size": 3}}
    assert found["packages"]["numpy"] and "time" not in found["machine"] and found["machine"]["python"]
    write_json(tmp_path / "results/run.json", found, "me")
    assert run_of(tmp_path / "results") == found


def test_a_run_that_is_not_whole_is_not_read(tmp_path):
    with pytest.raises(InputError, match="Has the run been finished"):
        run_of(tmp_path)
    write_json(tmp_path / "run.json", {"schema": "other"}, "me")
    with pytest.raises(InputError, match="is not a shiftpress/run/1 description"):
        run_of(tmp_path)
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(InputError, match="not what was recorded"):
        run_of(tmp_path)
