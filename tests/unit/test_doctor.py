"""What the doctor sees of a machine, with made locks, remotes and commands of a cluster."""

import os
import stat
from importlib.metadata import version

import pytest
import torch
from typer.testing import CliRunner

from shiftpress.cli import app
from shiftpress.doctor import cluster, environment, machine, storage
from shiftpress.doctor.finding import Finding


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """A search path with only the commands that a test makes."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setattr(cluster.shutil, "which", lambda name: str(folder / name) if (folder / name).exists() else None)

    def make(name: str, text: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod((folder / name).stat().st_mode | stat.S_IXUSR)

    return make


def states(findings):
    return {finding.what: finding.state for finding in findings}


def test_pythons_of_other_versions_fail():
    assert environment.python((3, 12, 1)).state == "ok"
    assert environment.python((3, 13, 0)).state == environment.python((3, 10, 9)).state == "fail"


@pytest.mark.parametrize(
    ("lines", "state", "words"),
    [
        (f"pydantic=={version('pydantic')} \\\n    --hash=sha256:00\n", "ok", "all 1 "),
        ("pydantic==0.1 \\\n    --hash=sha256:00\n", "warn", "locked 0.1"),
        ("no-such-package==1.0 \\\n", "fail", "not installed: no-such-package"),
        ("no-such-package==1.0 ; sys_platform == 'win32' \\\n", "ok", "all 0 "),
        (f"pydantic=={version('pydantic')}+cpu\n", "ok", "all 1 "),
    ],
)
def test_installed_packages_are_held_against_the_lock(tmp_path, lines, state, words):
    (tmp_path / "lock.txt").write_text(lines)
    found = environment.packages(tmp_path / "lock.txt")
    assert found.state == state and words in found.seen and bool(found.mend) == (state != "ok")


def test_too_many_threads_are_warned_of(monkeypatch):
    monkeypatch.setattr(os, "getloadavg", lambda: (0.5, 0.5, 0.5))
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    assert environment.threads(cores=2).state == "warn"
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert environment.threads(cores=2).state == "ok"


def test_a_gpu_that_torch_cannot_use_is_told(monkeypatch):
    assert machine.gpu({}, None).state == "ok"
    assert machine.gpu({"0": "GPU-a"}, "").state == "warn"
    monkeypatch.setattr(torch.version, "cuda", None)
    assert machine.gpu({"0": "GPU-a"}, None).state == "warn"
    monkeypatch.setattr(torch.version, "cuda", "13.2")
    for usable, state in ((False, "fail"), (True, "ok")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda usable=usable: usable)
        assert machine.gpu({"0": "GPU-a"}, None).state == state


def test_a_full_or_closed_disk_fails(tmp_path, monkeypatch):
    assert machine.room("work", tmp_path).state in ("ok", "warn")
    monkeypatch.setattr(machine, "_locks", lambda path: False)
    assert "locks do not hold" in machine.room("work", tmp_path).seen
    monkeypatch.undo()
    free = machine.shutil.disk_usage(tmp_path)._replace(free=10**6)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda folder: free)
    assert machine.room("work", tmp_path).state == "fail"


def test_the_default_remote_is_found_where_dvc_finds_it(tmp_path):
    (tmp_path / ".dvc").mkdir()
    assert storage.dvc_remote(tmp_path).state == "warn"
    (tmp_path / ".dvc/config").write_text("[core]\n    remote = local\n['remote \"local\"']\n    url = ../far\n")
    assert "first dvc push" in storage.dvc_remote(tmp_path).seen
    (tmp_path / ".dvc/config.local").write_text("['remote \"local\"']\n    url = s3://bucket/x\n")
    assert "s3://bucket/x" in storage.dvc_remote(tmp_path).seen


def test_silent_hosts_are_a_warning_and_one_answer_will_do(monkeypatch):
    monkeypatch.setattr(storage, "answering", lambda names: [])
    assert storage.network(["a", "b"]).state == "warn"
    monkeypatch.setattr(storage, "answering", lambda names: names[:1])
    assert storage.network(["a", "b"]).state == "ok"
    assert all("/" not in host for host in storage.hosts()) and storage.hosts()


def test_no_slurm_is_fine_and_half_of_one_is_not(commands):
    assert states(cluster.cluster()) == {"slurm": "ok"}
    commands("sbatch", "")
    assert states(cluster.cluster()) == {"slurm": "fail"}


@pytest.mark.parametrize(
    ("sinfo", "state"),
    [
        ("echo 'main* up idle 4'; echo 'gpu up mix 2'", "ok"),
        ("echo 'main* up down* 4'", "fail"),
        ("echo 'main* down idle 4'", "fail"),
        ("echo no controller >&2; exit 1", "fail"),
    ],
)
def test_partitions_need_a_node_that_takes_jobs(commands, sinfo, state):
    for name in ("sbatch", "squeue", "scancel", "srun"):
        commands(name, "")
    commands("sinfo", sinfo)
    assert states(cluster.cluster())["partitions"] == state


RUNS = """
for word in "$@"; do case $word in --output=*) out=${word#--output=};; --gres=*) gpu=1;; esac; done
echo "$@" >> ASKED
if [ -n "$gpu" ]; then echo 'RuntimeError: no GPU' > "$out"; echo 8; exit 1; fi
echo works 4.0 > "$out"; echo '7;cluster'
"""


def test_probe_jobs_tell_whether_jobs_run(commands, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commands("sbatch", RUNS.replace("ASKED", str(tmp_path / "asked")))
    assert cluster.probe("cpu", "--partition=short") == Finding("cpu job", "ok", "job 7 ran on the cluster")
    assert "--partition=short" in (tmp_path / "asked").read_text()
    found = cluster.probe("gpu")
    assert found.state == "fail" and found.seen == "RuntimeError: no GPU"
    commands("sbatch", "sleep 5")
    assert "not finished within" in cluster.probe("cpu", patience_s=0.2).seen
    assert not list(tmp_path.glob(".shiftpress-probe-*"))


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("warn", 0), ("fail", 2)])
def test_only_failures_set_the_exit_code(monkeypatch, state, code):
    from shiftpress.doctor import environment, machine, storage

    for module, name in ((machine, "machine"), (storage, "storage"), (cluster, "cluster")):
        monkeypatch.setattr(module, name, lambda: iter(()))
    monkeypatch.setattr(environment, "environment", lambda: iter([Finding("x", state, "seen", "mend it")]))
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == code and done.output.startswith(f"{state:4}  x") and "-> mend it" in done.output
