"""Where a job works, that this is said of what it makes, and that settings of it enter nothing else."""

import os
import re
import subprocess
import sys
import time
from multiprocessing import Barrier
from pathlib import Path

import pytest
import torch
import yaml
from projects import ROOT
from toy_lessons import lesson

from shiftpress.core import determinism, device, slots
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.determinism import on_device, prepare
from shiftpress.core.device import DEVICE, DTYPE, JOBS, Settings, Work, here, settings, working_on
from shiftpress.core.generators import generator_states, restore_generators, seed_generators
from shiftpress.core.jobs import job
from shiftpress.core.made import first_made
from shiftpress.core.problems import InputError
from shiftpress.core.records import Record, write_records
from shiftpress.core.slots import HELD, VISIBLE, gpu_slot
from shiftpress.core.storage import read_facts, write_artefact
from shiftpress.doctor import machine
from shiftpress.training.lessons import Lesson
from shiftpress.training.rounds import Round
from shiftpress.training.sparse import Masked

SCRIPTS = sorted((ROOT / "workflow" / "scripts").glob("*.py"))
FAKE = "NVIDIA Fake 1"


@pytest.fixture(autouse=True)
def unset(monkeypatch, tmp_path):
    """No settings, no batch system, no GPU; places in a folder of the test."""
    for name in (DEVICE, DTYPE, JOBS, VISIBLE, HELD, *slots.JOB_IDS):
        monkeypatch.setenv(name, "")  # so that what a job sets goes away, too
        monkeypatch.delenv(name)
    monkeypatch.setenv("SHIFTPRESS_SLOTS", str(tmp_path / "slots"))
    monkeypatch.setattr(slots, "gpus_of_node", dict)


@pytest.fixture
def gpus(monkeypatch):
    """Two GPUs that the driver shows and torch says it can use."""
    monkeypatch.setattr(slots, "gpus_of_node", lambda: {"0": "GPU-aa", "1": "GPU-bb"})
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: FAKE)


def test_without_settings_a_job_takes_what_there_is_in_full_float32():
    assert settings({}) == Settings("auto", "float32", 1)
    assert settings({DEVICE: "", DTYPE: "", JOBS: ""}) == settings({})
    assert settings({DEVICE: "cuda", DTYPE: "tf32", JOBS: "4"}) == Settings("cuda", "tf32", 4)


@pytest.mark.parametrize(
    ("name", "word", "said"),
    [
        (DEVICE, "gpu", "Known: auto, cpu, cuda"),
        (DEVICE, "cuda:1", "Did you mean 'cuda'"),
        (DTYPE, "bf16", "Known: float32, tf32, bfloat16"),
        (JOBS, "0", "from 1 to 64"),
        (JOBS, "two", "from 1 to 64"),
    ],
)
def test_a_wrong_setting_is_named_and_so_are_the_right_ones(name, word, said):
    with pytest.raises(InputError, match=f"{name}='{word}'.*{re.escape(said)}"):
        settings({name: word})


def test_all_wrong_settings_are_told_at_once_and_end_a_job_with_code_2(monkeypatch, tmp_path, capsys):
    for name in (DEVICE, DTYPE, JOBS):
        monkeypatch.setenv(name, "many")
    with pytest.raises(SystemExit) as ended, job(str(tmp_path / "job.log")), on_device(1):
        raise AssertionError("the work began")
    said = capsys.readouterr().err
    assert ended.value.code == 2 and all(f"{name}='many'" in said for name in (DEVICE, DTYPE, JOBS))


def test_a_wrong_setting_ends_snakemake_before_it_plans():
    env = {**os.environ, DEVICE: "gpu"}
    words = [sys.executable, "-m", "snakemake", "-n", "--configfile", "tiers/smoke.yaml"]
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 2 and f"{DEVICE}='gpu' is no such setting" in done.stderr
    assert "Job stats" not in done.stdout + done.stderr and "Traceback" not in done.stderr


def test_a_job_works_on_the_cpu_where_there_is_no_gpu_and_does_not_where_one_is_asked_for(monkeypatch, tmp_path):
    with on_device(1) as place:
        assert place == here() == "cpu"
    monkeypatch.setenv(DEVICE, "cuda")
    with pytest.raises(InputError, match="no GPU can be used"), on_device(1):
        pass
    assert here() == "cpu" and not (tmp_path / "slots").exists()


def test_a_job_holds_a_place_and_says_what_made_its_artefacts(gpus, tmp_path, monkeypatch):
    with on_device(1) as place:
        assert place == here() == "cuda" and os.environ[VISIBLE] == "GPU-aa"
        write_artefact(tmp_path / "one", b"1", "p")
        write_artefact(tmp_path / "clock", b"1", "p", "statistical")
        with pytest.raises(InputError, match="stayed taken"), gpu_slot(["GPU-aa"], 1, tmp_path / "slots", 0.0):
            pass
    write_artefact(tmp_path / "two", b"1", "p")
    said = {
        name: [read_facts(tmp_path / name)[key] for key in ("device", "repeats")] for name in ("one", "two", "clock")
    }
    assert said == {"one": [FAKE, "same device"], "two": ["cpu", "bitwise"], "clock": [FAKE, "statistical"]}
    with gpu_slot(["GPU-aa"], 1, tmp_path / "slots", 0.0):
        pass
    monkeypatch.setenv(DTYPE, "tf32")
    with on_device(1):
        assert device.made_on() == f"{FAKE}, tf32"
    prepare(1)


def test_jobs_share_a_gpu_as_the_setting_says(gpus, tmp_path, monkeypatch):
    """Forked as the pipeline forks them: six jobs, two places on each of the two GPUs but one."""
    monkeypatch.setenv(JOBS, "2")
    log, children = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND), []
    places = Barrier(3)
    with gpu_slot(["GPU-bb"], 2, tmp_path / "slots", 0.0):
        for _ in range(6):
            if not (child := os.fork()):
                try:
                    with on_device(1):
                        os.write(log, f"{time.monotonic():.4f} 1 {os.environ[VISIBLE]}\n".encode())
                        places.wait(60)  # all are taken, or nobody goes on
                        os.write(log, f"{time.monotonic():.4f} -1 {os.environ[VISIBLE]}\n".encode())
                    os._exit(0)
                finally:
                    os._exit(1)
            children.append(child)
        assert all(os.waitpid(child, 0)[1] == 0 for child in children)
    os.close(log)
    rows = sorted(line.split() for line in (tmp_path / "log").read_text().splitlines())
    for gpu, most in (("GPU-aa", 2), ("GPU-bb", 1)):
        held = [int(change) for _, change, where in rows if where == gpu]
        assert len(held) >= 4 and max(sum(held[: n + 1]) for n in range(len(held))) == most


def test_whoever_holds_a_place_lends_it_to_the_jobs_that_he_starts(gpus, tmp_path, monkeypatch):
    monkeypatch.setenv(VISIBLE, "GPU-bb")
    monkeypatch.setenv(HELD, "GPU-bb")
    with gpu_slot(["GPU-bb"], 1, tmp_path / "slots", 0.0), on_device(1) as place:
        assert place == "cuda" and os.environ[VISIBLE] == "GPU-bb"


def test_a_job_of_a_batch_system_uses_no_gpu_that_it_was_not_given(gpus, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    with on_device(1) as place:
        assert place == "cpu"
    monkeypatch.setenv(VISIBLE, "1")
    with on_device(1) as place:
        assert place == "cuda" and os.environ[VISIBLE] == "GPU-bb"


def test_a_gpu_that_torch_cannot_use_is_told_of_and_its_place_freed(gpus, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with on_device(1) as place, gpu_slot(["GPU-aa"], 1, tmp_path / "slots", 0.0):
        assert place == "cpu" and "cannot use the GPU" in caplog.text
    monkeypatch.setenv(DEVICE, "cuda")
    with pytest.raises(InputError, match="cannot use the GPU"), on_device(1):
        pass


@pytest.mark.parametrize(("dtype", "precision"), [("float32", "ieee"), ("tf32", "tf32"), ("bfloat16", "tf32")])
def test_gpus_round_products_only_if_they_may(dtype, precision):
    try:
        prepare(1, dtype)
        assert torch.backends.cudnn.conv.fp32_precision == torch.backends.cuda.matmul.fp32_precision == precision
    finally:
        prepare(1)
    assert torch.backends.cudnn.conv.fp32_precision == torch.backends.cuda.matmul.fp32_precision == "ieee"
    assert not torch.backends.cudnn.benchmark and os.environ[determinism.WORKSPACE] == ":4096:8"


@pytest.mark.parametrize("dtype", ["float32", "tf32", "bfloat16"])
def test_classifiers_are_trained_under_autocast_by_setting_alone(dtype, tmp_path, monkeypatch):
    seen, loss = [], Lesson.loss
    monkeypatch.setattr(Lesson, "loss", lambda *a: (seen.append(torch.is_autocast_enabled("cpu")), loss(*a))[1])
    task = lesson(epochs=1)
    net = task.untrained()
    work = Round("dense", 0, net, Masked(net, {}), task)
    with working_on(Work(dtype=dtype)):
        work.begin(Checkpoints("a", tmp_path))
        work.step()
    assert seen == [dtype == "bfloat16"]


def test_generators_of_another_device_are_left_as_they_are():
    states = generator_states(torch.device("cpu"))
    first = torch.rand(3)
    restore_generators([*states, torch.zeros(16, dtype=torch.uint8)], torch.device("cpu"))
    assert len(states) == 1 and torch.equal(torch.rand(3), first)


def test_seeded_generators_draw_as_torch_has_them_and_no_gpu_is_asked(monkeypatch):
    torch.manual_seed(2**63 - 1)
    usual = torch.randn(3), torch.rand(2)
    for name in ("manual_seed", "manual_seed_all"):
        monkeypatch.setattr(torch.cuda, name, lambda seed: pytest.fail("a GPU was asked"))
    seed_generators(2**63 - 1, torch.device("cpu"))
    drawn = torch.randn(3), torch.rand(2)
    assert all(map(torch.equal, drawn, usual))


def test_the_generator_of_a_gpu_is_seeded_with_that_of_the_cpu(monkeypatch):
    seeded = []
    monkeypatch.setattr(torch.cuda, "manual_seed", seeded.append)
    seed_generators(7, torch.device("cuda"))
    first = torch.rand(3)
    seed_generators(7, torch.device("cpu"))
    assert seeded == [7] and torch.equal(torch.rand(3), first)


def test_records_are_listed_with_the_device_that_made_them(tmp_path):
    facts = {"phase": "cards", "dataset": "d", "shift": "s", "severity": 0.0, "source": "regenerated"}
    record = Record(**facts, model="m", seed=0, metric="accuracy", value=1.0, n=1, fingerprint="f")
    with working_on(Work("cuda", FAKE)):
        write_records(tmp_path / "r.json", [record], "p")
    (row,) = first_made({str(tmp_path / "r.json"): [record]})
    assert row["device"] == FAKE and row["model"] == "m"


def test_the_doctor_says_what_a_job_would_work_on(gpus, monkeypatch):
    assert "jobs work on 2 GPUs, at most 1 on each, in float32" in machine.device().seen
    monkeypatch.setenv(VISIBLE, "")
    assert machine.device().seen == f"{DEVICE}=auto: jobs work on the CPU"
    monkeypatch.setenv(DEVICE, "cuda")
    assert machine.device().state == "fail"
    monkeypatch.setenv(DTYPE, "half")
    assert machine.device().state == "fail" and DTYPE in machine.device().seen


def test_scripts_that_use_a_device_are_those_of_the_rules_that_ask_for_one():
    table = yaml.safe_load((ROOT / "workflow/batch/needs.yaml").read_text())["rules"]
    asked = {rule for rule, row in table.items() if row.get("gpu")}
    use = {path.stem for path in SCRIPTS if "on_device(snakemake.threads)" in path.read_text()}
    # it computes nothing that a GPU would help with, but goes with its group, which has one
    assert asked - use == {"pack_decks"} and use < asked


def test_no_setting_of_the_device_is_a_key_of_params():
    keys = re.findall(r"^\s*(\w+):", Path(ROOT / "params.yaml").read_text(), re.M)
    assert not {"device", "dtype", "threads", "jobs_per_gpu"} & set(keys)
