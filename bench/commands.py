"""Cold start of commands, the DAG, a hundred small jobs, the page anew, and the whole laptop tier.

``python bench/commands.py [--json FILE]`` measures CPU time of processes and of all that they start. Small jobs are
forked by the pipeline's own warm process, beside a start of Python and torch for each. The page is rendered anew, by
the clock, since two processes share it and somebody waits for it; and the tier's own records of CPU time are added up.
Where the tier's results are not there, these two say that they did not run.
"""

import csv
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from table import ROOT, Row, finish, options, row

sys.path.insert(0, str(ROOT / "workflow"))

from warm.scripts import MODULES, Warm, told  # noqa: E402

BIN = Path(sys.executable).parent
REPEATS, JOBS, PEERS = 5, 100, 3
JOB = "import torch; torch.zeros(8).sum()"
SHIFTPRESS, SNAKEMAKE = str(BIN / "shiftpress"), str(BIN / "snakemake")
COMMANDS: dict[str, tuple[list[str], float | None]] = {
    "shiftpress --help": ([SHIFTPRESS, "--help"], 0.3),
    "shiftpress check": ([SHIFTPRESS, "check"], None),
    "snakemake -n, laptop tier": ([SNAKEMAKE, "-n", "-q"], 5.0),
    "python -c 'import torch'": ([sys.executable, "-c", "import torch"], None),
}
"""Words, and the most CPU seconds."""
TIER = "laptop"


def spent(words: list[str]) -> float:
    """CPU seconds of a process and its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        words, cwd=ROOT, capture_output=True, env=os.environ | {"OMP_NUM_THREADS": "1", "PWD": str(ROOT)}
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}\n{done.stderr.decode()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def starts() -> list[Row]:
    """A row for each command, the first run left out."""
    made = []
    for name, (words, most) in COMMANDS.items():
        seconds = sorted([spent(words) for _ in range(REPEATS + 1)][1:])
        spread = f"{seconds[1]:.2f} to {seconds[-2]:.2f}, quartiles"
        made.append(Row(name, "", "s", statistics.median(seconds), repeats=REPEATS, bound=spread, most=most))
    return made


def small_jobs() -> Row:
    """A hundred jobs that use torch once, forked, beside an interpreter for each."""
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "job.py"
        script.write_text(JOB)
        for _ in range(REPEATS):
            ours.append(forked(str(script)))
            theirs.append(JOBS / PEERS * sum(spent([sys.executable, str(script)]) for _ in range(PEERS)))
    return row(f"{JOBS} small jobs", "an interpreter for each", "s", ours, theirs, most=10.0)


def forked(script: str) -> float:
    """CPU seconds of a warm process with its imports, and of all jobs."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    warm = Warm(MODULES)
    try:
        for _ in range(JOBS):
            with warm.ask(script, dict(os.environ)) as answers:
                assert (told(answers) | told(answers))["status"] == 0
    finally:
        warm.stop()  # its children are counted with it once it has ended
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def page() -> Row:
    """The report from scores and verdicts that are there."""
    name, report = f"report of the {TIER} tier anew, by the clock", f"results/{TIER}/report/index.html"
    if not (ROOT / report).is_file():
        return Row(name, "", "s", None, bound=f"NOT RUN: no results/{TIER}", most=20.0)
    words, seconds = [SNAKEMAKE, "-q", "-c", "2", "--forcerun", "render_report", "--", report], []
    for _ in range(REPEATS):
        begin = time.monotonic()
        used = spent(words)
        seconds.append(time.monotonic() - begin)
    spread = f"{min(seconds):.1f} to {max(seconds):.1f}; CPU time, the last time: {used:.1f} s"
    return Row(name, "", "s", statistics.median(seconds), repeats=REPEATS, bound=spread, most=20.0)


def tier() -> Row:
    """CPU time of all jobs of the tier, from its last run."""
    files = sorted((ROOT / "benchmarks" / TIER).rglob("*.tsv"))
    name = f"all {len(files)} jobs of the {TIER} tier" if files else f"all jobs of the {TIER} tier"
    if not files:
        return Row(name, "", "s", None, bound=f"NOT RUN: no benchmarks/{TIER}")
    rows = [line for file in files for line in csv.DictReader(file.read_text().splitlines(), delimiter="\t")]
    return Row(name, "", "s", sum(float(line["cpu_time"]) for line in rows))


def main() -> None:
    given = options(__doc__).parse_args()
    start = time.monotonic()
    rows = [*starts(), small_jobs(), page(), tier()]
    print(f"measured in {time.monotonic() - start:.0f} s")
    finish(rows, given)


if __name__ == "__main__":
    main()
