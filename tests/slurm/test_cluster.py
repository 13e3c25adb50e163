"""`snakemake --profile cluster` on a real Slurm: through faults to the report, with the numbers of a local run."""

import json
import random
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest
from edit_site import edit
from lab import Lab
from projects import BIN, ROOT, SMOKE, copy_project, run
from strikes import LONGEST_S, hang_up, left, over, running, strike
from watching import Watch, until

from shiftpress.core.storage import SCHEMA

pytestmark = pytest.mark.slurm

FAULTS = ("scancel", "slurmctld restarted", "requeue", "preemption", "node lost")
EVERY_S = 12
# how long networks take is measured anew in every run, and is in the page; the page also tells times and versions
MEASURED = ("latency.json", "index.html", "made.json", "run.json")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("slurm"))
    lab.start()
    yield lab
    lab.stop()


@pytest.fixture
def project(tmp_path):
    project = copy_project(tmp_path / "project")
    edit(project / "workflow/profiles/site.yaml")
    return project


def command(lab: Lab, project: Path, *words: str) -> subprocess.Popen:
    """Start Snakemake on the cluster, its words in run.log."""
    env = lab.env | {"PYTHONPATH": f"{project / 'src'}:{lab.env.get('PYTHONPATH', '')}"}
    env["PATH"] = f"{lab.folder / 'bin'}:{BIN}:{env['PATH']}"
    with open(project / "run.log", "ab") as log:
        return subprocess.Popen([BIN / "snakemake", *words], cwd=project, env=env, stdout=log, stderr=log)


def digests(project: Path) -> dict[str, object]:
    """Of every artefact of the smoke tier, as recorded beside it; of measured times only that they are there.

    Claims are given in full.
    """
    root, found = project / "results/smoke", {}
    for path in sorted(root.rglob("*.json")):
        facts = json.loads(path.read_bytes())
        if isinstance(facts, dict) and facts.get("schema") == SCHEMA:
            name = str(path.relative_to(root)).removesuffix(".json")
            found[name] = "measured" if name.endswith(MEASURED) else facts["sha256"]
    claims = json.loads((root / "claims.json").read_bytes())
    # the commits of a copy are its own
    return found | {"claims.json": [{k: v for k, v in claim.items() if k != "registered"} for claim in claims]}


def chapter() -> list[str]:
    """The commands of the README's chapter on clusters, without their remarks."""
    text = (ROOT / "README.md").read_text()
    block = text[text.index("## On a Slurm cluster") :].split("```")[1]
    return [line.split("  #")[0].strip() for line in block.splitlines()[1:]]


def followed(lab: Lab, folder: Path) -> tuple[Path, list[str]]:
    """A project made in an empty folder by the chapter's words, up to its first run; and that run's.

    Two words are not the chapter's: whose clone it is, and the environment, which is this test's own.
    """
    lines = chapter()
    first = next(number for number, line in enumerate(lines) if line.startswith("snakemake "))
    assert lines[first:] == ["snakemake --profile cluster --configfile tiers/smoke.yaml", "snakemake --profile cluster"]
    origin, environment = copy_project(folder / "origin"), shlex.quote(str(BIN.parent))
    own = {"<this repository>": shlex.quote(str(origin)), "make setup": f"ln -s {environment} .venv"}
    script = "\n".join(lines[:first])
    for word, instead in own.items():
        assert script.count(word) == 1
        script = script.replace(word, instead)
    (folder / "empty").mkdir()
    editor = f"{sys.executable} {Path(__file__).with_name('edit_site.py')}"
    env = lab.env | {"EDITOR": editor, "PYTHONPATH": str(origin / "src")}
    subprocess.run(["bash", "-euc", script], cwd=folder / "empty", env=env, check=True)
    return folder / "empty/shiftpress", lines[first].split()[1:]


def test_the_readmes_words_lead_through_five_faults_to_the_numbers_of_a_local_run(lab, tmp_path, finished):
    project, words = followed(lab, tmp_path)
    moments, done = random.Random(9), []
    process = command(lab, project, *words)
    with Watch(project / "logs") as watch:
        for fault in FAULTS:
            if not until(lambda: running(lab) or process.poll() is not None, LONGEST_S) or process.poll() is not None:
                break
            time.sleep(moments.uniform(0, EVERY_S))
            done += [fault] * strike(lab, process, fault)
        if not over(lab, process):
            hang_up(process)
            pytest.fail(f"hangs; the queue holds {left(lab)}\n{(project / 'run.log').read_text()[-5000:]}")
        if process.returncode:
            again = command(lab, project, *words)
            assert over(lab, again) and again.returncode == 0, (project / "run.log").read_text()[-5000:]
    assert done == list(FAULTS), (project / "run.log").read_text()[-5000:]
    assert watch.looks > 50 and len(watch.seen) > 20 and not watch.twice
    assert not left(lab)
    assert digests(project) == digests(finished)
    run(BIN / "shiftpress", "verify", "--tier", "smoke", cwd=project)


def test_a_job_that_fails_on_the_cluster_is_told_once_with_its_log_and_its_command(lab, project):
    script = project / "workflow/scripts/prepare_data.py"
    text, line = script.read_text(), "    splits, card = "
    script.write_text(text.replace(line, f"    raise ValueError('why it failed')\n{line}"))
    site = project / "workflow/profiles/site.yaml"
    notify = "notify: echo $SHIFTPRESS_STATUS $SHIFTPRESS_FAILED >>told"
    site.write_text(re.sub(r"^notify:.*", notify, site.read_text(), flags=re.M))
    words = ("results/smoke/data/uci/card.json", "--profile", "cluster", "--retries", "0", *SMOKE)
    process = command(lab, project, *words)
    assert process.wait(LONGEST_S) == 1
    said = (project / "run.log").read_text()
    block = said[said.index("\nFailed: ") :]
    assert said.count("\nFailed: ") == 1
    assert "prepare_data (dataset=uci)" in block and "why it failed" in block
    assert "snakemake results/smoke/data/uci/train.safetensors --profile cluster" in block
    assert (project / "told").read_text() == "failed 1\n"


def test_the_doctors_probe_jobs_run_on_the_cluster(lab, project):
    """The lab's GPUs are none, which the job that was given one has to find out on its node."""
    path = f"{lab.folder / 'bin'}:{BIN}:{lab.env['PATH']}"
    done = run(BIN / "shiftpress", "doctor", "--submit", cwd=project, check=False, PATH=path)
    cpu, gpu = (re.search(rf"^(ok|fail) +{kind} job +(.*)$", done.stdout, re.M) for kind in ("cpu", "gpu"))
    assert cpu[1] == "ok" and cpu[2].endswith("ran on the cluster"), done.stdout
    assert gpu[1] == "fail" and re.search("NVIDIA|CUDA", gpu[2]), done.stdout
    assert done.returncode == 2 and not list(project.glob(".shiftpress-probe-*")) and not left(lab)
