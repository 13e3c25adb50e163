"""The share of a run that is not inside jobs, from made benchmark files."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("overhead", Path(__file__).parents[2] / "bench/overhead.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def made(tmp_path):
    def write(rule: str, name: str, wall: float, cpu: float):
        path = tmp_path / "benchmarks/laptop" / rule / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{HEAD}\n{wall}\t0:00:21\t694.51\t3592.63\t219.32\t377.52\t0.00\t0.01\t65.46\t{cpu}\n")

    write("train_codec", "a/seeds0-2", 40, 38.5)
    write("train_codec", "b/seeds0-2", 40, 39.5)
    write("score_card", "x/y/seeds0-2", 10, 9.0)
    return tmp_path / "benchmarks"


def run(bench, folder, *words):
    return bench.main(["--benchmarks", str(folder), *words])


def test_what_is_not_inside_jobs_is_overhead(bench, made, tmp_path, capsys):
    assert run(bench, made, "--wall", "50", "--cores", "2", "--json", str(tmp_path / "x.json")) == 0
    said = capsys.readouterr().out
    assert "13.0 % of 50 s on 2 cores" in said
    assert re.findall(r"^ +(\S+) s +(\S+) %", said, re.M) == [("87.0", "87.0"), ("3.0", "3.0"), ("10.0", "10.0")]
    found = json.loads((tmp_path / "x.json").read_text())
    assert found["ours"] == pytest.approx(0.13) and found["ratio"] == pytest.approx(0.15 / 0.13)


def test_more_than_the_limit_is_told_by_the_exit_code(bench, made, capsys):
    assert run(bench, made, "--wall", "52", "--cores", "2") == 1
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].split()[:3] == ["train_codec", "2", "jobs"] and rows[1].split()[0] == "score_card"


@pytest.mark.parametrize("damage", ["other run", "none", "no table"])
def test_files_that_cannot_be_of_this_run_are_refused(bench, made, damage, capsys):
    if damage == "none":
        made = made / "nowhere"
    if damage == "no table":
        (made / "laptop/train_codec/a/seeds0-2.tsv").write_text("hello\nworld\n")
    assert run(bench, made, "--wall", "40" if damage == "other run" else "50", "--cores", "2") == 2
    assert capsys.readouterr().err
