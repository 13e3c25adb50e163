"""Slurm: its commands, its partitions, and small jobs that show that jobs run."""

import importlib.util
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from shiftpress.core.commands import run
from shiftpress.doctor.finding import Finding

NEEDED, OPTIONAL = ("sbatch", "squeue", "scancel", "sinfo", "srun"), ("sacct",)
PLUGIN = "snakemake_executor_plugin_slurm"
PROBES = {
    "cpu": ([], "import torch; print('works', float(torch.ones(4).sum()))"),
    "gpu": (["--gres=gpu:1"], "import torch; print('works', float(torch.ones(4, device='cuda').sum()))"),
}


def cluster() -> Iterator[Finding]:
    """What can be seen without a job."""
    found = [name for name in NEEDED if shutil.which(name)]
    if not found:
        yield Finding("slurm", "ok", "not here; jobs run on this machine")
        return
    missing = [name for name in NEEDED if name not in found]
    if missing:
        yield Finding("slurm", "fail", f"missing: {', '.join(missing)}", "load the cluster's Slurm module")
        return
    absent = [name for name in OPTIONAL if not shutil.which(name)]
    words = f" (no {', '.join(absent)}: set slurm-status-command: squeue)" if absent else ""
    yield Finding("slurm", "ok", f"commands found{words}")
    yield partitions()
    if importlib.util.find_spec(PLUGIN) is None:
        yield Finding("executor", "fail", f"{PLUGIN} is not installed", "make setup")
    else:
        yield Finding("executor", "ok", PLUGIN)


def partitions() -> Finding:
    """Partitions with nodes that take jobs."""
    done = run(["sinfo", "-h", "-o", "%P %a %t %D"])
    if done is None or done.code:
        words = (done.err.splitlines() or ["no word"])[-1] if done else "no answer"
        return Finding("partitions", "fail", f"sinfo: {words}", "ask whether slurmctld runs")
    rows = [line.split() for line in done.out.splitlines() if len(line.split()) == 4]
    up = sorted({name for name, state, nodes, _ in rows if state == "up" and nodes.rstrip("*~#") in USABLE})
    if not up:
        return Finding(
            "partitions", "fail", f"none with usable nodes: {done.out!r}", "wait, or ask the cluster's people"
        )
    return Finding("partitions", "ok", ", ".join(name + " (default)" * name.endswith("*") for name in up))


USABLE = ("idle", "mix", "alloc", "comp", "resv")


def probe(kind: str, options: str = "", patience_s: float = 600.0) -> Finding:
    """Submit a job that uses torch on the CPU or on a GPU, and wait for it."""
    extra, code = PROBES[kind]
    with TemporaryDirectory(dir=".", prefix=".shiftpress-probe-") as folder:  # compute nodes see this folder
        out = Path(folder).resolve() / "out"
        about = [f"--job-name=shiftpress-{kind}", "--time=5", "--mem=2000", "--ntasks=1", f"--output={out}"]
        wrapped = f"--wrap={shlex.quote(sys.executable)} -c {shlex.quote(code)}"
        command = ["sbatch", "--wait", "--parsable", *about, *extra, *shlex.split(options), wrapped]
        done = run(command, patience_s)
        text = out.read_text(errors="replace") if out.is_file() else ""
    if done is None:
        mend = f"it may still wait in the queue (squeue); see why, or give another partition: --sbatch {options!r}"
        return Finding(f"{kind} job", "fail", f"not finished within {patience_s:g} s", mend)
    if done.code or "works" not in text:
        words = (text or done.err or "no word").strip().splitlines()[-1]
        return Finding(f"{kind} job", "fail", words, "see the words; --sbatch '--account=... --partition=...' may help")
    return Finding(f"{kind} job", "ok", f"job {done.out.split(';')[0]} ran on the cluster")
