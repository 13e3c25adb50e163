"""When the process that jobs are forked from imports, and what it must not touch."""

import os
import subprocess
import sys
import time

import psutil
import pytest
from warm.scripts import LATER, MODULES, Warm, jobs_follow
from warm.server import MANY
from warm_jobs import WORKFLOW, appeared, gone, outcome

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="scripts are forked on Linux only")


LINGERING = """
import os, pathlib, time
pathlib.Path(os.environ["SEEN"]).touch()
time.sleep(float(os.environ["LINGER_S"]))
"""


@pytest.fixture
def lingering(tmp_path, monkeypatch):
    """A module whose import tells that it has begun, and takes LINGER_S."""
    (tmp_path / "lingering.py").write_text(LINGERING)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))


@pytest.mark.parametrize("at_once", [False, True])
def test_imports_begin_at_once_and_are_given_up_if_nobody_asks(at_once, lingering, tmp_path, monkeypatch):
    monkeypatch.setenv("LINGER_S", "60")
    warm = Warm(["lingering"])
    warm.fork(at_once)
    assert appeared(tmp_path / "seen", within=10 if at_once else 0.5) is at_once
    begin = time.monotonic()
    warm.stop()
    assert time.monotonic() - begin < 10 and gone(warm.process.pid)


def test_jobs_wait_for_imports_that_began_at_once(lingering, script, tmp_path, monkeypatch):
    monkeypatch.setenv("LINGER_S", "0.5")
    warm = Warm(["lingering"])
    warm.fork(at_once=True)
    try:
        assert appeared(tmp_path / "seen")
        assert outcome(warm, script("import sys; assert 'lingering' in sys.modules"))["status"] == 0
    finally:
        warm.stop()


def test_imports_end_when_the_process_that_plans_is_killed(tmp_path):
    (tmp_path / "lingering.py").write_text(LINGERING)
    (tmp_path / "never.py").write_text("import os, pathlib; pathlib.Path(os.environ['SEEN'] + '2').touch()")
    planning = f"""
import sys, time
sys.path[:0] = [{str(tmp_path)!r}, {str(WORKFLOW)!r}]
from warm.scripts import Warm
warm = Warm(["lingering", "never"])
warm.fork(at_once=True)
print(warm.process.pid, flush=True)
time.sleep(60)
"""
    env = os.environ | {"SEEN": str(tmp_path / "seen"), "LINGER_S": "1"}
    with subprocess.Popen([sys.executable, "-c", planning], stdout=subprocess.PIPE, text=True, env=env) as process:
        pid = int(process.stdout.readline())
        assert appeared(tmp_path / "seen")
        process.kill()
    assert gone(pid) and not (tmp_path / "seen2").exists()


COMMANDS = {
    "snakemake": True,
    "/env/bin/snakemake -c2 -pq --configfile tiers/smoke.yaml codecs": True,
    "/env/site-packages/snakemake/__main__.py --cores 2": True,
    "snakemake -n": False,
    "snakemake -pn": False,
    "snakemake --dry-run": False,
    "snakemake --dryrun": False,
    "snakemake --unlock": False,
    "snakemake --profile cluster": False,
    "snakemake --executor=slurm": False,
    "snakemake --list-rules": False,
    "workflow/ledger plan laptop": False,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_imports_are_made_at_once_for_commands_that_run_jobs_here(command):
    assert jobs_follow(command.split()) is COMMANDS[command]


SPY = """
import torch
touched = []

def noting(name, function):
    def called(*args):
        touched.append(name)
        return function(*args)
    return called

for name in ("_cuda_init", "_cuda_getDeviceCount"):
    setattr(torch._C, name, noting(name, getattr(torch._C, name, lambda *_: 0)))
"""


def test_what_few_jobs_import_is_there_where_many_follow(script):
    """And what cannot be imported disturbs nobody; the process that forks has no other thread."""
    warm = Warm(["json"], ["no_such_module", *LATER])
    job = script(f"import sys; sys.exit(10 + sum(name in sys.modules for name in {LATER}))")
    try:
        ends = [outcome(warm, job)["status"] for _ in range(MANY + 1)]
        assert psutil.Process(warm.process.pid).num_threads() == 1
    finally:
        warm.stop()
    assert ends == [10] * (MANY - 1) + [10 + len(LATER)] * 2


def test_the_forking_process_does_not_begin_with_cuda_and_its_jobs_can(script, tmp_path, monkeypatch):
    """CUDA cannot be begun anew in a forked process, and would see the GPUs of the first."""
    (tmp_path / "spy_on_cuda.py").write_text(SPY)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]))
    after = MODULES.index("torch") + 1
    warm = Warm([*MODULES[:after], "spy_on_cuda", *MODULES[after:], *LATER])
    job = script("""
        import os, pathlib, spy_on_cuda, torch
        pathlib.Path(os.environ["OUT"]).write_text(f"{torch.cuda.is_initialized()} {spy_on_cuda.touched}")
        assert not torch.cuda._is_in_bad_fork() and "PYTORCH_NVML_BASED_CUDA_CHECK" not in os.environ
        torch.cuda.is_available()
        assert spy_on_cuda.touched == ["_cuda_getDeviceCount"], "it would have been seen"
    """)
    try:
        assert outcome(warm, job, OUT=str(tmp_path / "out"))["status"] == 0
    finally:
        warm.stop()
    assert (tmp_path / "out").read_text() == "False []"
