"""What a run of a tier spends beside training and evaluation: starts, planning, waiting, idle cores.

``time snakemake`` gives the wall time; then ``python bench/overhead.py --wall SECONDS --cores N [--tier laptop]``
subtracts from wall time times cores the CPU time inside jobs, which their benchmark files have from the kernel. Rules
without such a file (fetching, collecting, judging, the report) count as overhead, and so does a job's own waiting.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LIMIT = 0.15
"""Share of wall time times cores that may be overhead."""


@dataclass(frozen=True)
class Job:
    """What the benchmark file of one job says, in seconds."""

    rule: str
    wall: float
    cpu: float


def jobs_of(folder: Path) -> Iterator[Job]:
    """Every job below the folder of a tier. Raises ValueError for a file that is no benchmark of Snakemake."""
    for path in sorted(folder.rglob("*.tsv")):
        rows = list(csv.DictReader(path.read_text().splitlines(), delimiter="\t"))
        try:
            yield Job(
                path.relative_to(folder).parts[0], *(sum(float(row[key]) for row in rows) for key in ("s", "cpu_time"))
            )
        except (KeyError, ValueError):
            raise ValueError(f"{path}: its columns s and cpu_time cannot be read") from None


def overhead(jobs: list[Job], wall: float, cores: int) -> float:
    """Share of wall time times cores that was spent outside of jobs, or idle. Raises ValueError if times disagree."""
    inside, whole = sum(job.cpu for job in jobs), wall * cores
    if not jobs or inside > whole:
        raise ValueError(
            f"{len(jobs)} jobs used {inside:.1f} s, more than {wall:g} s on {cores} cores: another run's files?"
        )
    return 1 - inside / whole


def lines(jobs: list[Job]) -> Iterator[str]:
    """The rules, the costliest first."""
    rules = {job.rule: [one for one in jobs if one.rule == job.rule] for job in jobs}
    for rule, own in sorted(rules.items(), key=lambda item: -sum(job.cpu for job in item[1])):
        cpu, busy = sum(job.cpu for job in own), sum(job.wall for job in own)
        yield f"{rule:16} {len(own):5} jobs  {cpu:9.1f} s CPU  {busy:9.1f} s wall  {cpu / len(own):7.2f} s CPU a job"


def parts(jobs: list[Job], whole: float) -> Iterator[str]:
    """Where wall time times cores went."""
    inside, busy = sum(job.cpu for job in jobs), sum(job.wall for job in jobs)
    shares = {
        "CPU inside these jobs": inside,
        "these jobs waiting for a core, a disk or memory": busy - inside,
        "planning, other rules, idle cores": whole - busy,
    }
    for what, seconds in shares.items():
        yield f"{seconds:9.1f} s  {100 * seconds / whole:5.1f} %  {what}"


def main(words: list[str]) -> int:
    """Print the table and the share; 1 if it is over the limit, 2 if there is nothing to judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wall", type=float, required=True, help="wall time of the whole run in seconds")
    parser.add_argument("--cores", type=int, required=True, help="cores that Snakemake was given")
    parser.add_argument("--tier", default="laptop")
    parser.add_argument("--benchmarks", type=Path, default=Path("benchmarks"))
    parser.add_argument("--json", type=Path)
    args = parser.parse_args(words)
    try:
        jobs = list(jobs_of(args.benchmarks / args.tier))
        share = overhead(jobs, args.wall, args.cores)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(lines(jobs)))
    print("\n".join(parts(jobs, args.wall * args.cores)))
    print(
        f"{100 * share:.1f} % of {args.wall:g} s on {args.cores} cores went elsewhere; at most {100 * LIMIT:g} % should"
    )
    if args.json:
        found = {
            "name": f"overhead of the {args.tier} tier",
            "ours": share,
            "peer": LIMIT,
            "ratio": LIMIT / max(share, 1e-9),
        }
        found |= {"limit": 1.0, "unit": "share of wall time x cores", "repeats": 1, "spread": 0.0}
        args.json.write_text(json.dumps(found, indent=1) + "\n")
    return int(share > LIMIT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
