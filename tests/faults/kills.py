"""Runs that are killed, started twice, or fail half way: one command recovers them, to the last bit."""

import os
import random
import signal
import socket
import time
from collections import Counter
from pathlib import Path

from faults.outcome import Outcome
from faults.project import Project

POLL_S = 0.01
PATIENCE_S = 300.0


def in_rules(reference: Project, folder: Path, tries: int, seed: int) -> Outcome:
    """K1: SIGKILL at a random time inside a job, of each kind of rule in turn; every next run is the one command.

    A pass begins with nothing and goes through the kinds of rules, killed in each once. At its end nothing may be left
    of the kills, and all must be what a run makes that nobody kills.
    """
    project, outcome, moments = reference.copy(folder), Outcome(), random.Random(seed)
    kinds, met, passes = dict(reference.kinds()), Counter(), 0
    while outcome.tries < tries:
        project.forget()
        some = moments.sample(sorted(kinds), len(kinds))
        left = set(sorted(some, key=lambda kind: met[kind])[: tries - outcome.tries])
        while left and (kind := _killed_in(project, {kind: kinds[kind] for kind in left}, moments, outcome)):
            left.remove(kind)
            met[kind] += 1
        recovered(project, reference, outcome)
        passes += 1
    outcome.worst = f"inside {len(met)} of {len(kinds)} kinds of rules; {passes} times from nothing to the end"
    return outcome


def _killed_in(project: Project, kinds: dict[str, float], moments: random.Random, outcome: Outcome) -> str | None:
    """Run until a job of any of these kinds begins, and kill inside; the kind, or none if the run came to its end."""
    before, process, end = project.begun(), project.start(), time.monotonic() + PATIENCE_S
    kind = None
    while kind is None and process.poll() is None and time.monotonic() < end:
        time.sleep(POLL_S)
        kind = next((kind for (kind, _), _ in project.begun().items() - before.items() if kind in kinds), None)
    if kind is not None:
        time.sleep(moments.uniform(0, kinds[kind] + 0.3))
    if project.kill(process):
        outcome.check(kind is not None, f"no job of {sorted(kinds)} began in {PATIENCE_S:g} s")
        return kind
    if process.returncode:
        outcome.check(False, f"the run before {kind} was not recovered: exit code {process.returncode}")
    return None


def recovered(project: Project, reference: Project, outcome: Outcome) -> None:
    """Note what one more command leaves undone or different."""
    done = project.run()
    if done.returncode:
        outcome.failures.append(f"the command after the kills ended with {done.returncode}: {done.stderr[-500:]}")
        return
    ours, theirs = project.digests(), reference.digests()
    outcome.failures += [f"{name} differs" for name in sorted({n for n, _ in ours.items() ^ theirs.items()})]
    outcome.failures += [f"{name} was left over" for name in project.unfinished()]
    told = project.verify()
    if told.returncode:
        outcome.failures.append(f"verify: {told.stderr[:300]}")


def with_grace(reference: Project, folder: Path, tries: int, seed: int) -> Outcome:
    """K4: SIGTERM to all processes of a run at a random time; within 30 s all are gone, and one command recovers."""
    project, outcome, moments, slowest = reference.copy(folder), Outcome(), random.Random(seed), 0.0
    kinds = [kind for kind in reference.kinds() if kind[1] >= 0.2]
    for turn in range(tries):
        if turn % len(kinds) == 0:
            project.forget()
        kind, took = kinds[turn % len(kinds)]
        before = {path: path.stat().st_mtime_ns for path in project.jobs_of(kind)}
        process, end = project.start(), time.monotonic() + PATIENCE_S
        while process.poll() is None and time.monotonic() < end:
            if any(p.stat().st_mtime_ns != before.get(p) for p in project.jobs_of(kind) if p.exists()):
                break
            time.sleep(POLL_S)
        time.sleep(moments.uniform(0, took))
        begun = time.monotonic()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.communicate(timeout=30)
        except Exception:
            project.kill(process)
        slowest = max(slowest, time.monotonic() - begun)
        outcome.check(time.monotonic() - begun < 30, f"{kind}: not gone within 30 s")
        if turn % len(kinds) == len(kinds) - 1 or turn == tries - 1:
            recovered(project, reference, outcome)
    outcome.worst = f"gone after {slowest:.1f} s"
    return outcome


def two_at_once(reference: Project, folder: Path, tries: int, seed: int) -> Outcome:
    """K6: a second run in a folder where one works is told who, changes nothing, and the first one ends well."""
    project, outcome, moments, slowest = reference.copy(folder), Outcome(), random.Random(seed), 0.0
    first = None
    holder = project.folder / ".snakemake/holder.json"
    for _ in range(tries):
        if first is None:
            project.lose("collect_scores")
            first = project.start()
            while first.poll() is None and not (holder.is_file() and holder.read_bytes()):
                time.sleep(POLL_S)
            time.sleep(moments.uniform(0, 2))
            os.killpg(first.pid, signal.SIGSTOP)  # or it might end before the others have begun
        begun = time.monotonic()
        second = project.run()
        slowest = max(slowest, time.monotonic() - begun)
        told = f"process {first.pid} on {socket.gethostname()}"
        sound = second.returncode == 1 and told in second.stderr and "--unlock" not in second.stderr
        outcome.check(sound, f"the second run ended with {second.returncode}: {second.stderr[-300:]}")
    os.killpg(first.pid, signal.SIGCONT)
    said = first.communicate()[1]
    if first.returncode:
        outcome.failures.append(f"the first run ended with {first.returncode}: {said[-300:]}")
    recovered(project, reference, outcome)
    outcome.worst = f"told after {slowest:.1f} s who works there"
    return outcome


PARTIAL = {
    "half of a file, no digest": "open(path, 'wb').write(b'half')",
    "half of a file, and a digest file": "open(path, 'wb').write(b'half'); open(path + '.json', 'w').write('{}')",
    "the digest file alone": "open(path + '.json', 'w').write('half')",
    "an empty file": "open(path, 'wb').close()",
    "the name of a half": "open(os.path.join(folder, f'.{os.path.basename(path)}.99999999.tmp'), 'wb').write(b'half')",
}
FAILING = ["score_formats", "score_codec", "score_card", "score_atmc", "search_decks"]


def half_made(reference: Project, folder: Path, tries: int, seed: int) -> Outcome:
    """K7: jobs that leave half of an output and fail, kept by --keep-incomplete: never read, and made anew."""
    project, outcome = reference.copy(folder), Outcome()
    scripts = project.folder / "workflow/scripts"
    leaving = list(PARTIAL.values())
    for turn in range(0, tries, len(FAILING)):
        failing, whole = FAILING[: tries - turn], {}
        project.lose(*failing)
        for number, script in enumerate(failing):
            path = scripts / f"{script}.py"
            whole[path] = path.read_text()
            what = leaving[(number + turn // len(FAILING)) % len(leaving)]
            path.write_text(whole[path].replace("\nwith job(", LEAVE.format(what) + "\nwith job(", 1))
        failed = project.run("--keep-incomplete")
        for path, text in whole.items():
            path.write_text(text)
        for script in failing:
            outcome.check(f"{script}.py" in failed.stderr and failed.returncode == 1, f"{script} did not fail")
        recovered(project, reference, outcome)
    outcome.worst = f"{len(PARTIAL)} ways to leave half of it, {len(FAILING)} kinds of rules"
    return outcome


LEAVE = """
import os
path = str(snakemake.output[0])
folder = os.path.dirname(path)
os.makedirs(folder, exist_ok=True)
{}
raise SystemExit("made to fail")
"""
