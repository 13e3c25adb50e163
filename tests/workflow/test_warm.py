"""Jobs forked from a warm process behave as jobs of an interpreter of their own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from snakemake.benchmark import BenchmarkRecord
from warm.scripts import MODULES, Warm, WarmScript, note, told
from warm_jobs import WORKFLOW, gone, outcome

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="scripts are forked on Linux only")


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
    # where the machine is busy, pages may take half a second, but hardly thrice
    ends = (outcome(warm, job) for _ in range(3))
    assert any(0.5 <= end["cpu"] < 1 and 190 < end["rss"] - idle["rss"] < 300 for end in ends)


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
sys.path.insert(0, {str(WORKFLOW)!r})
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
sys.path[:0] = [{str(tmp_path)!r}, {str(WORKFLOW)!r}]
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


def test_snakemake_runs_scripts_this_way():
    import snakemake.script

    assert issubclass(WarmScript, snakemake.script.PythonScript)
    # the one place where Snakemake chooses, by this name
    assert snakemake.script.script.__code__.co_names.count("PythonScript") == 1


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
