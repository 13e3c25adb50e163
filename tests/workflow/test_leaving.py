"""Runs and jobs that are told to leave."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import warmed
from warm.scripts import told
from warm_jobs import WORKFLOW, appeared, outcome

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="scripts are forked on Linux only")


LEAVING = """
    import os, pathlib, signal, sys, time
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(85))
    signal.signal(signal.SIGUSR1, lambda *_: sys.exit(86))
    pathlib.Path(os.environ["READY"]).touch()
    time.sleep(60)
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 85), (signal.SIGUSR1, 86)])
def test_a_signal_to_the_forking_process_reaches_its_jobs_and_it_goes_on(warm, script, tmp_path, number, status):
    jobs = [warm.ask(script(LEAVING), os.environ | {"READY": str(tmp_path / f"{n}")}) for n in range(2)]
    assert all(appeared(tmp_path / f"{n}") for n in range(2))
    warm.process.send_signal(number)
    assert [(told(one) | told(one))["status"] for one in jobs] == [status] * 2
    for one in jobs:
        one.close()
    assert outcome(warm, script("pass"))["status"] == 0


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
    (tmp_path / "Snakefile").write_text(COUNTED.format(workflow=str(WORKFLOW)))
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
    text = COUNTED.format(workflow=str(WORKFLOW)).replace("rule count", ending)
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
