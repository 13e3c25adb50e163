"""Copies of the project, and the ways a test runs the pipeline in one.

These stand here and not in `conftest.py`: several folders have one of those, and which of them an `import conftest`
finds depends on the tests that were collected before.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import warmed

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PROGRAMS = {str(BIN / name) for name in warmed.PROGRAMS}
SMOKE = ("--configfile", "tiers/smoke.yaml")


def environment(cwd: Path) -> dict[str, str]:
    """Variables under which programs run on the code of a copy."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PWD": str(cwd), "PYTHONPATH": str(cwd / "src"), "PATH": path}


def run(
    *command: object, cwd: Path, check: bool = True, forked: bool = True, **extra_env: str
) -> subprocess.CompletedProcess:
    """Run a program of the environment in a copy of the project, on that copy's own code.

    Those that take seconds to import what they need are forked from a process that has done so, if not told otherwise.
    """
    env = {**environment(cwd), **extra_env}
    words = [str(word) for word in command]
    if forked and sys.platform == "linux" and words[0] in PROGRAMS:
        done = warmed.run(words, cwd, env)
    else:
        done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True)
    if check and done.returncode:
        raise AssertionError(f"{words} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def snakemake(*args: str, cwd: Path, check: bool = True) -> subprocess.CompletedProcess:
    return run(BIN / "snakemake", *args, cwd=cwd, check=check)


def planned(cwd: Path, *args: str) -> dict[str, int]:
    """Rules and counts of the jobs that Snakemake would run now; the target rule is left out."""
    return jobs_in(snakemake("-n", *(args or SMOKE), cwd=cwd).stdout)


def jobs_in(said: str) -> dict[str, int]:
    """Rules and counts in what `snakemake -n` printed."""
    if "Nothing to be done" in said:
        return {}
    lines = said[said.index("Job stats:") :].splitlines()[3:]
    counts = {}
    for line in lines:
        if not line.strip():
            break
        rule, count = line.split()
        counts[rule] = int(count)
    return {rule: n for rule, n in counts.items() if rule not in ("all", "total")}


def copy_project(target: Path) -> Path:
    """A copy of what git tracks or would track, but no published run, as a git repository of its own."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if name.startswith("docs/results/"):
            continue
        source, copy = ROOT / name, target / name
        if source.is_symlink() or source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy, follow_symlinks=False)
    commit(target, "start", init=True)
    return target


def commit(repository: Path, message: str, init: bool = False) -> None:
    """Commit everything, as a made-up author."""
    if init:
        run("git", "init", "-q", cwd=repository)
    run("git", "add", "-A", cwd=repository)
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    run("git", *who, "commit", "-q", "--allow-empty", "-m", message, cwd=repository)
