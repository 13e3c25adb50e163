"""Jobs forked from a warm process behave as jobs of an interpreter of their own."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest
import warmed
from snakemake.benchmark import BenchmarkRecord

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow"))

from warm.scripts import MODULES, Warm, WarmScript, jobs_follow, note, told  # noqa: E402

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="scripts are forked on Linux only")


@pytest.fixture(params=["started", "forked"])
def warm(request):
    warm = Warm(["json"])
    if request.param == "forked":
        warm.fork()
    yield warm
    warm.stop()


@pytest.fixture
def script(tmp_path):
    def write(text: str) -> str:
        path = tmp_path / "job.py"
        path.write_text(textwrap.dedent(text))
        return str(path)

    return write


def outcome(warm, script, **env) -> dict:
    with warm.ask(script, os.environ | env) as answers:
        return told(answers) | told(answers)


def gone(pid: int, within: float = 5) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.01)
    return False


def test_a_script_is_main_and_has_the_environment_asked_for(warm, script, tmp_path):
    job = script("""
        import os, pathlib, sys
        assert __name__ == "__main__" and sys.argv == [__file__] and sys.modules["__main__"].__file__ == __file__
        pathlib.Path(os.environ["HERE"]).write_text(f"{os.getpid()} {os.getppid()} {os.getcwd()}")
    """)
    end = outcome(warm, job, HERE=str(tmp_path / "out"))
    assert end["status"] == 0
    assert (tmp_path / "out").read_text() == f"{end['pid']} {warm.process.pid} {os.getcwd()}"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("raise SystemExit", 0),
        ("import sys; sys.exit(2)", 2),
        ("import sys; sys.exit('words')", 1),
        ("1 / 0", 1),
        ("def broken(:", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -15),
        ("import os, signal; os.kill(os.getpid(), signal.SIGINT)", 1),
        ("import os; os._exit(7)", 7),
    ],
)
def test_the_exit_status_is_the_scripts(warm, script, text, status):
    assert outcome(warm, script(text))["status"] == status


def test_what_it_says_is_seen(capfd, script):
    warm = Warm([])  # begins to write where the test reads
    try:
        outcome(warm, script("import sys; print('out'); print('words', file=sys.stderr); raise ValueError('why')"))
    finally:
        warm.stop()
    out, err = capfd.readouterr()
    assert out == "out\n" and err.startswith("words\nTraceback") and err.endswith("ValueError: why\n")


def test_threads_are_waited_for(warm, script, tmp_path):
    path = str(tmp_path / "done")
    job = f"""
        import pathlib, threading, time
        threading.Thread(target=lambda: (time.sleep(0.1), pathlib.Path({path!r}).touch())).start()
    """
    assert outcome(warm, script(job))["status"] == 0
    assert Path(path).exists()


def test_cpu_time_and_memory_are_the_workers_own(warm, script):
    idle = outcome(warm, script("pass"))
    # mapped, as an array might be put where the tests before this one left a hole
    job = script("""
        import mmap, time
        x = mmap.mmap(-1, 200 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        for page in range(0, len(x), mmap.PAGESIZE):
            x[page] = 1
        while time.process_time() < 0.5: pass
    """)
    end = outcome(warm, job)
    assert 0.5 <= end["cpu"] < 1 and 190 < end["rss"] - idle["rss"] < 300


def test_jobs_run_beside_each_other(warm, script, tmp_path):
    job = script("""
        import os, pathlib, time
        folder, end = pathlib.Path(os.environ["HERE"]), time.monotonic() + 60
        (folder / str(os.getpid())).touch()
        while len(os.listdir(folder)) < 8:  # each waits for all others
            assert time.monotonic() < end
            time.sleep(0.01)
    """)
    (tmp_path / "here").mkdir()
    answers = [warm.ask(job, os.environ | {"HERE": str(tmp_path / "here")}) for _ in range(8)]
    assert [(told(a) | told(a))["status"] for a in answers] == [0] * 8
    for a in answers:
        a.close()


def test_whoever_goes_away_takes_the_job_with_him(warm, script):
    with warm.ask(script("import time; time.sleep(60)"), dict(os.environ)) as answers:
        pid = told(answers)["pid"]
        assert psutil.pid_exists(pid)
    assert gone(pid)
    assert outcome(warm, script("pass"))["status"] == 0


@pytest.mark.parametrize("begin", ["", "warm.fork()"])
def test_nothing_outlives_the_process_that_asked(begin, script):
    job = script("import time; time.sleep(60)")
    asking = f"""
import os, sys, time
sys.path.insert(0, {str(Path(__file__).parents[2] / "workflow")!r})
from warm.scripts import Warm, told
warm = Warm([])
{begin}
answers = warm.ask({job!r}, dict(os.environ))
print(warm.process.pid, told(answers)["pid"], flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", asking], stdout=subprocess.PIPE, text=True) as process:
        pids = [int(word) for word in process.stdout.readline().split()]
        process.send_signal(signal.SIGKILL)
    assert len(pids) == 2 and all(map(gone, pids))


def test_a_fork_of_the_process_that_plans_has_left_its_work_behind(script, tmp_path):
    job = script("""
        import os, sys, threadpoolctl
        assert "shiftpress" not in sys.modules and not os.read(0, 1)
        assert all(pool["num_threads"] == 1 for pool in threadpoolctl.threadpool_info())
        from shiftpress.core import problems
        assert problems.__file__ == os.environ["EXPECTED"]
    """)
    (tmp_path / "shiftpress/core").mkdir(parents=True)
    for name in ("__init__", "core/__init__", "core/problems"):
        (tmp_path / f"shiftpress/{name}.py").touch()
    planning = f"""
import os, sys
sys.path[:0] = [{str(tmp_path)!r}, {str(Path(__file__).parents[2] / "workflow")!r}]
import numpy, shiftpress.core.problems as planned
from warm.scripts import Warm, told
warm = Warm([])
warm.fork()
print("said once")
answers = warm.ask({job!r}, os.environ | {{"EXPECTED": planned.__file__}})
sys.exit((told(answers) | told(answers))["status"])
"""
    done = subprocess.run([sys.executable, "-c", planning], input=b"words", capture_output=True)
    assert done.returncode == 0 and done.stdout == b"said once\n", done.stderr


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
sys.path[:0] = [{str(tmp_path)!r}, {str(Path(__file__).parents[2] / "workflow")!r}]
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


def test_a_killed_server_fails_its_jobs_and_is_started_again(warm, script):
    with warm.ask(script("import time; time.sleep(60)"), dict(os.environ)) as answers:
        pid = told(answers)["pid"]
        warm.process.kill()
        warm.process.wait()
        assert told(answers) == {} and gone(pid)
    assert outcome(warm, script("pass"))["status"] == 0


def cost_of_a_hundred(job: str) -> float:
    """CPU seconds of the forking process with its imports, and of a hundred jobs."""
    warm = Warm(MODULES)
    try:
        jobs = sum(outcome(warm, job)["cpu"] for _ in range(100))
        used = psutil.Process(warm.process.pid).cpu_times()
    finally:
        warm.stop()
    return jobs + used.user + used.system


def test_a_hundred_small_jobs_cost_less_than_ten_seconds(script):
    job = script("import torch; torch.zeros(8).sum()")
    # who shares the processor's caches makes them dearer, but hardly thrice
    assert any(cost_of_a_hundred(job) < 10 for _ in range(3))


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


def test_the_forking_process_does_not_begin_with_cuda_and_its_jobs_can(script, tmp_path, monkeypatch):
    """CUDA cannot be begun anew in a forked process, and would see the GPUs of the first."""
    (tmp_path / "spy_on_cuda.py").write_text(SPY)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]))
    warm = Warm([*MODULES[: MODULES.index("torch") + 1], "spy_on_cuda", *MODULES[MODULES.index("torch") + 1 :]])
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


def test_snakemake_runs_scripts_this_way():
    import snakemake.script

    assert issubclass(WarmScript, snakemake.script.PythonScript)
    # the one place where Snakemake chooses, by this name
    assert snakemake.script.script.__code__.co_names.count("PythonScript") == 1


LEAVING = """
    import os, pathlib, signal, sys, time
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(85))
    signal.signal(signal.SIGUSR1, lambda *_: sys.exit(86))
    pathlib.Path(os.environ["READY"]).touch()
    time.sleep(60)
"""


def appeared(path: Path, within: float = 20) -> bool:
    end = time.monotonic() + within
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.01)
    return path.exists()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 85), (signal.SIGUSR1, 86)])
def test_a_signal_to_the_forking_process_reaches_its_jobs_and_it_goes_on(warm, script, tmp_path, number, status):
    jobs = [warm.ask(script(LEAVING), os.environ | {"READY": str(tmp_path / f"{n}")}) for n in range(2)]
    assert all(appeared(tmp_path / f"{n}") for n in range(2))
    warm.process.send_signal(number)
    assert [(told(one) | told(one))["status"] for one in jobs] == [status] * 2
    for one in jobs:
        one.close()
    assert outcome(warm, script("pass"))["status"] == 0


def test_a_benchmark_file_has_what_the_kernel_counted(warm, script):
    end, record = outcome(warm, script("sum(range(10**6)); x = b'x' * (40 << 20)")), BenchmarkRecord()
    note(record, 2.0, end)
    row = dict(zip(BenchmarkRecord.get_header(), record.to_tsv(False).split("\t"), strict=True))
    assert (row["s"], row["max_pss"], row["io_in"]) == ("2.00", "-", "-")
    assert float(row["cpu_time"]) == pytest.approx(end["cpu"], abs=0.01) and end["cpu"] > 0.005
    assert float(row["mean_load"]) == pytest.approx(50 * end["cpu"], abs=0.01) and float(row["max_rss"]) > 40


def test_the_benchmark_file_of_a_killed_job_says_that_nothing_is_known():
    record = BenchmarkRecord()
    note(record, 2.0, {})
    assert record.to_tsv(False).split("\t")[2:] == ["NA"] * 8


COUNTING = """
import os, time
from pathlib import Path
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.jobs import job

with job(snakemake.log[0]):
    store = Checkpoints("count", Path("work"))
    done = (store.read("running") or {"steps": []})["steps"]
    while len(done) < 8:
        time.sleep(0.15)
        done = [*done, len(done)]
        with open("taken", "a") as file:
            file.write(f"{done[-1]}\\n")
        if store.due():
            store.write("running", {"steps": done})
    Path(snakemake.output[0]).write_text(str(done))
"""
COUNTED = """
import sys
sys.path.insert(0, {workflow!r})
from warm import scripts
scripts.WarmScript.warm.modules = ["json"]
scripts.keep_warm()
rule count:
    output: "counted"
    log: "count.log"
    script: "count.py"
"""


@pytest.mark.parametrize("whom", ["Snakemake by SIGTERM", "Snakemake by SIGUSR1", "all by SIGTERM"])
def test_a_run_that_is_told_to_leave_asks_for_another_and_loses_no_step(whom, tmp_path):
    (tmp_path / "count.py").write_text(COUNTING)
    (tmp_path / "Snakefile").write_text(COUNTED.format(workflow=str(Path(__file__).parents[2] / "workflow")))
    number = signal.SIGUSR1 if "USR1" in whom else signal.SIGTERM
    command = ["snakemake", "-c1", "-q"]
    first = warmed.start(command, tmp_path, os.environ, alone=True)
    assert appeared(tmp_path / "taken"), Path(first.said[1]).read_text()
    os.killpg(first.pid, number) if whom.startswith("all") else first.send_signal(number)
    assert first.wait(30) == 85, Path(first.said[1]).read_text()
    assert not (tmp_path / "counted").exists()
    before = len((tmp_path / "taken").read_text().splitlines())
    assert before < 8
    again = warmed.run(command, tmp_path, os.environ)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "counted").read_text() == str(list(range(8)))
    assert (tmp_path / "taken").read_text().split() == [str(n) for n in range(8)], "each step once"


def test_a_run_that_nobody_listens_to_leaves_too(tmp_path):
    (tmp_path / "count.py").write_text(COUNTING)
    ending = "from ending import end_every_job\nend_every_job()\nrule count"
    text = COUNTED.format(workflow=str(Path(__file__).parents[2] / "workflow")).replace("rule count", ending)
    (tmp_path / "Snakefile").write_text(text)
    command = [sys.executable, "-m", "snakemake", "-c1"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as run:
        try:
            assert appeared(tmp_path / "taken")
            run.send_signal(signal.SIGTERM)
            while b"Will exit" not in run.stdout.readline():
                assert run.poll() is None
            run.stdout.close()
            assert run.wait(30), "it was not done"
        finally:
            run.kill()
    again = warmed.run(["snakemake", "-c1", "-q"], tmp_path, os.environ)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "counted").read_text() == str(list(range(8)))


def large(pid: int) -> int:
    """KiB of a process in large pages."""
    line = next(line for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if "AnonHuge" in line)
    return int(line.split()[1])


GATHER = """
import sys
from pathlib import Path
from warm import pages
kept = [bytes([n % 251]) * (1 << 20) for n in range(64)] + [bytearray(range(256)) * (1 << 16)]
pages.gather()
assert all(block == bytes([n % 251]) * (1 << 20) for n, block in enumerate(kept[:-1]))
assert kept[-1] == bytes(range(256)) * (1 << 16)
print(next(line.split()[1] for line in Path("/proc/self/smaps_rollup").read_text().splitlines() if "AnonHuge" in line))
"""


def gathered() -> int:
    """KiB that a process of its own had in large pages after it gathered them; what it holds has stayed the same."""
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "workflow")}
    return int(
        subprocess.run([sys.executable, "-c", GATHER], env=env, capture_output=True, text=True, check=True).stdout
    )


def test_large_pages_hold_what_small_ones_did_and_many_jobs_are_forked_from_them(script):
    if not (found := gathered()):
        pytest.skip("the kernel knows no MADV_COLLAPSE")
    assert found >= 8 << 10
    warm, job = Warm(["json", "numpy"]), script("pass")
    try:
        outcome(warm, job)
        before = large(warm.process.pid)
        ends = [outcome(warm, job)["status"] for _ in range(20)]
        after = large(warm.process.pid)
    finally:
        warm.stop()
    assert ends == [0] * 20 and after > before
