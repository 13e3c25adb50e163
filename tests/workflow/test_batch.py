"""Needs of jobs, the site's file, the profiles of batch systems, and what is said of failures."""

import asyncio
import importlib.util
import inspect
import logging
import os
import re
import time
from types import SimpleNamespace

import pytest
from batch import inside, lost, needs, profile, site
from batch.failures import Failures, options_of
from projects import ROOT, SMOKE, planned
from snakemake.profiles import ProfileConfigFileParser
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_logger_plugins.common import LogEvent

from shiftpress.core.problems import InputError

RULES = "\n".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
BLOCKS = re.findall(r"^rule (\w+):\n(.*?)(?=^\S|\Z)", RULES, re.S | re.M)
SCRIPTED = {name: block for name, block in BLOCKS if "script:" in block}
PROFILES = {
    "cluster": inside.PLUGIN,
    "profiles/cluster-cpu": inside.PLUGIN,
    "profiles/kubernetes": "snakemake_executor_plugin_kubernetes",
}


def test_every_rule_declares_threads_and_what_the_table_says():
    assert set(needs.table()["rules"]) == set(SCRIPTED)
    for name, block in SCRIPTED.items():
        threads = 2 if name == "render_report" else 1  # it draws its figures in two processes, after all other jobs
        assert f"    threads: {threads}\n" in block and f'**asked_by("{name}")' in block, name
        assert ("group" in needs.table()["rules"][name]) == (f'packed("{name}")' in block), name


def test_a_group_asks_for_gpus_as_one():
    for group in needs.groups():
        rows = [row for row in needs.table()["rules"].values() if row.get("group") == group]
        assert len({row.get("gpu", 0) for row in rows}) == 1, group


def test_every_attempt_asks_for_more_and_never_for_more_than_the_site_has():
    here = site.Site(largest_mb=5000, longest_minutes=7)
    asked = needs.needs_of("train_codec", "laptop", here)
    memory, minutes = ([asked[name](None, attempt) for attempt in (1, 2, 3)] for name in ("mem_mb", "runtime"))
    assert memory == [2045, 4090, 5000] and minutes == [3, 6, 7]
    assert asked["gpu"] == 1 and "gpu" not in needs.needs_of("prepare_data", "laptop", here)
    on_gpu = needs.needs_of("train_codec", "laptop", here, on_gpu=True)
    assert on_gpu["mem_mb"](None, 1) == min(2045 + needs.ON_GPU_MB, here.largest_mb)


def test_only_short_jobs_are_put_together():
    assert needs.group_of("train_codec", "smoke") == needs.group_of("train_codec", "laptop") == "codecs"
    assert needs.group_of("train_codec", "paper") is None
    assert needs.group_of("train_codec", "a tier of mine") is None
    assert needs.group_of("prepare_data", "standard") == "data"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gres: gpu,1", "site.yaml:1: gres:"),
        ("jobs: 5\npartitions: main", "site.yaml:2: partitions:"),
        ("poll_seconds: 0", "poll_seconds"),
        ("status: qstat", "status"),
    ],
)
def test_a_mistake_in_the_sites_file_is_named_with_its_line(tmp_path, text, said):
    file = tmp_path / "site.yaml"
    file.write_text(text + "\n")
    with pytest.raises(InputError, match=re.escape(said)):
        site.read_site(file)


def test_the_file_that_comes_with_the_project_leaves_all_to_the_sites_defaults():
    here = site.read_site()
    assert here == site.Site() and profile.default_resources(here) == {}
    assert profile.first_lines(here) == "trap : TERM USR1"
    assert profile.first_lines(here, on_gpus=False) == "trap : TERM USR1; export SHIFTPRESS_DEVICE=cpu"
    assert {name for name in site.Site.model_fields} == set(site.read_yaml(site.FILE).data)


def test_what_the_site_says_reaches_the_submission():
    here = site.Site(account=7, partition="normal-long", gpu_partition="gpu", gres="gpu:a100:1", setup="module load x")
    here = here.model_copy(update={"scratch": "/scratch/$SLURM_JOB_ID"})
    assert profile.default_resources(here) == {"slurm_account": "'7'", "slurm_partition": "'normal-long'"}
    on, off = (profile.resources_of_rules(here, on_gpus)["train_codec"] for on_gpus in (True, False))
    assert on == {"gpu": 0, "gres": "'gpu:a100:1'", "slurm_partition": "'gpu'"} and off == {"gpu": 0}
    assert "prepare_data" not in profile.resources_of_rules(here, True)
    assert (
        profile.first_lines(here)
        == 'trap : TERM USR1; module load x; export TMPDIR="/scratch/$SLURM_JOB_ID"; mkdir -p "$TMPDIR"'
    )


def test_the_command_is_run_with_how_the_run_ended(tmp_path, capfd):
    site.notify(None, "done", "smoke")
    site.notify(f"echo $SHIFTPRESS_STATUS $SHIFTPRESS_TIER $SHIFTPRESS_FAILED >{tmp_path}/told", "failed", "smoke", 3)
    assert (tmp_path / "told").read_text() == "failed smoke 3\n"
    site.notify("exit 4", "done", "smoke")
    assert "ended with 4" in capfd.readouterr().err


@pytest.fixture
def heard(tmp_path):
    jobs = []
    failures = Failures(lambda: jobs)

    def tell(event, **said):
        failures.emit(logging.makeLogRecord({"event": event, **said}))

    def job(jobid, log_text=None, wildcards=None):
        log = tmp_path / f"{jobid}.log"
        if log_text is not None:
            log.write_text(log_text)
            os.utime(log, (failures.begun + 1,) * 2)
        jobs.append(SimpleNamespace(jobid=jobid, wildcards_dict=wildcards or {}))
        said = {"jobid": jobid, "rule_name": f"rule{jobid}", "output": [f"out{jobid}"], "log": [str(log)]}
        return said | {"rule_msg": "why"}

    failures.tell_it, failures.job = tell, job
    return failures


def test_a_job_that_failed_and_then_succeeded_is_not_told(heard):
    heard.tell_it(LogEvent.JOB_ERROR, **heard.job(1, "x\n"))
    assert len(heard.failed()) == 1
    heard.tell_it(LogEvent.JOB_FINISHED, job_id=1)
    assert not heard.failed()


def test_a_block_has_rule_wildcards_the_end_of_the_log_and_a_command(heard):
    heard.tell_it(LogEvent.JOB_ERROR, **heard.job(1, "".join(f"line {n}\n" for n in range(40)), {"seeds": "0-2"}))
    (job,) = heard.failed()
    block = job.block(["--profile", "cluster"])
    assert block.startswith("Failed: rule1 (seeds=0-2)\n  why\n") and block.count("    line ") == 15
    assert "line 39" in block and block.endswith("again, just this: snakemake out1 --profile cluster")


def test_of_a_group_only_the_jobs_that_were_at_work_are_told(heard):
    said = [heard.job(1, "a\nb INFO finished\n"), heard.job(2, "a\n"), heard.job(3)]
    heard.tell_it(LogEvent.GROUP_ERROR, groupid="cards", aux_logs=["slurm.log"], job_error_info=said)
    for one in said:
        heard.tell_it(LogEvent.JOB_ERROR, **one)
    assert [job.rule for job in heard.failed()] == ["rule2"]


def test_of_a_group_that_never_began_one_job_is_told_with_the_log_of_the_batch_system(heard, tmp_path):
    (tmp_path / "slurm.log").write_text("no such python\n")
    said = [heard.job(1), heard.job(2)]
    heard.tell_it(LogEvent.GROUP_ERROR, groupid="cards", aux_logs=[str(tmp_path / "slurm.log")], job_error_info=said)
    for one in said:
        heard.tell_it(LogEvent.JOB_ERROR, **one)
    (job,) = heard.failed()
    assert "no such python" in job.block([])


def test_the_command_keeps_profile_and_tier_only():
    words = "codecs --profile cluster -n --configfile tiers/smoke.yaml mine.yaml --cores 2".split()
    assert options_of(words) == ["--profile", "cluster", "--configfile", "tiers/smoke.yaml", "mine.yaml"]
    assert options_of(["--profile=cluster", "--configfile=x.yaml"]) == ["--profile=cluster", "--configfile=x.yaml"]


def test_a_job_is_lost_when_two_looks_running_do_not_find_it():
    missing = lost.Missing()
    looks = [{}, {"1": "RUNNING None"}, {"1": "PREEMPTED"}, {"1": "PENDING Priority"}, {}, {"1": "NODE_FAIL"}]
    assert [missing.again("1", states) for states in looks] == [False, False, False, False, False, True]
    assert [missing.again("2", {"2": "PENDING launch failed requeued held"}) for _ in range(2)] == [False, True]


def test_the_plugin_still_has_what_is_replaced_in_it(monkeypatch):
    plugin = pytest.importorskip(inside.PLUGIN)
    for name in ("additional_general_args", "get_job_args", "check_active_jobs"):
        assert hasattr(plugin.Executor, name)
        monkeypatch.setattr(plugin.Executor, name, getattr(plugin.Executor, name), raising=False)
    jobs = [SubmittedJobInfo(None, external_jobid=number, aux={}) for number in ("1", "2", "3")]
    told, cancelled = [], []
    executor = plugin.Executor.__new__(plugin.Executor)
    executor.run_uuid, executor.report_job_error = "run", lambda job, **said: told.append(job.external_jobid)
    monkeypatch.setattr(plugin, "time", time)
    monkeypatch.setattr(plugin.Executor, "get_status_command", lambda self: "squeue")
    monkeypatch.setattr(plugin.Executor, "cancel_jobs", lambda self, jobs: cancelled.extend(jobs))
    monkeypatch.setattr(plugin.Executor, "logger", None, raising=False)
    settings = SimpleNamespace(init_seconds_before_status_checks=7)
    executor.workflow = SimpleNamespace(executor_settings=settings)

    async def waits_for_all(self, active):
        for job in active:
            yield job

    async def states(command, logger):
        assert "%T %r" in command
        return {"1": "RUNNING", "3": "PREEMPTED"}, 0.1

    monkeypatch.setattr(plugin.Executor, "check_active_jobs", waits_for_all)
    monkeypatch.setattr(plugin, "query_job_status", states)
    lost.notice_lost_jobs()
    inside.run_inside()

    async def look():
        return [job.external_jobid async for job in executor.check_active_jobs(jobs)]

    assert asyncio.run(look()) == ["1", "2", "3"] and not told
    assert asyncio.run(look()) == ["1"] and told == ["2", "3"] and cancelled == jobs[1:]
    assert executor.next_seconds_between_status_checks == 7
    assert executor.additional_general_args() == "--executor local"
    begun = time.monotonic()
    plugin.time.sleep(5)
    assert time.monotonic() - begun < 1 and abs(plugin.time.time() - time.time()) < 1
    used = set(re.findall(r"\btime\.(\w+)", inspect.getsource(plugin)))
    assert used == {"time", "sleep"}


@pytest.mark.slow
def test_more_memory_and_time_make_nothing_stale(finished):
    words = ("--set-resources", "train_codec:mem_mb=7", "train_codec:runtime=7", "--set-threads", "prune_card=2")
    assert planned(finished, *SMOKE, *words) == {}


@pytest.mark.parametrize(("name", "plugin"), PROFILES.items())
def test_a_dry_run_with_the_profile_plans_what_one_without_plans(name, plugin):
    if not importlib.util.find_spec(plugin):
        pytest.skip(f"{plugin} is not installed")
    assert planned(ROOT, "--profile", name, *SMOKE) == planned(ROOT, *SMOKE)


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_can_be_read_and_names_its_executor(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    with open(f"{name}/profile.yaml") as file:
        read = ProfileConfigFileParser().parse(file)
    assert read["executor"] == ("slurm" if "cluster" in name else "kubernetes")
    assert read["retries"] == "2" and "lanes=1" in read["resources"] and "codecs=8" in read["group-components"]
    on_gpus = "train_codec:gres='gpu:1'" in read.get("set-resources", [])
    assert on_gpus == (name == "cluster")
