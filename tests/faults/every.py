"""Run tests of faults and write down what they found: `make faults`, or `make faults ONLY="K1 D1"`."""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[0:1] = [str(HERE.parents[1]), *(str(HERE.parents[1] / name) for name in ("unit", "slurm"))]

import trials  # noqa: E402
from faults import damage, hostile, images, kills, repeats, saves, texts  # noqa: E402
from faults.outcome import Outcome, read_table, row, write_table  # noqa: E402
from faults.project import Project  # noqa: E402
from lab import installed  # noqa: E402


@dataclass(frozen=True)
class Fault:
    """A kind of fault: what the table says of it, what tries it, how often on every submission and how often in all."""

    id: str
    what: str
    tried: Callable[..., Outcome]
    small: int
    full: int
    on_project: bool = False
    on_slurm: bool = False


FAULTS = [
    Fault("K1", "SIGKILL of all processes inside each kind of rule", kills.in_rules, 24, 600, True),
    Fault("K2", "SIGKILL inside the writing of checkpoints", saves.inside_checkpoints, 50, 500),
    Fault("K3", "no room on the disk, at any step of a write", saves.full_disk, 24, 100),
    Fault("K4", "SIGTERM to all processes of a run", kills.with_grace, 0, 50, True),
    Fault("K5", "chains of training interrupted at random moments", repeats.resumed, 4, 50),
    Fault("K6", "a second run in a folder where one works", kills.two_at_once, 2, 50, True),
    Fault("K7", "a job that fails and leaves half an output, with `--keep-incomplete`", kills.half_made, 5, 25, True),
    # on every submission tests/slurm strikes a run of the smoke tier, from nothing to the end, five times
    Fault("S1", f"on a real Slurm: {', '.join(trials.STRIKES)}", trials.struck, 0, 44, True, True),
    Fault("D1", "bytes flipped, files cut, swapped or deleted", damage.in_results_and_cache, 190, 2000, True),
    Fault("D1r", "the repair that `shiftpress verify` advises", damage.advice, 1, 10, True),
    Fault("M1", "damaged and hostile tensor files", hostile.models, 1000, 100_000),
    Fault("M2", "hostile `.pt` files", hostile.checkpoints, 60, 60),
    # the next four are tried on every submission by test_hostile_files, test_hostile_streams and those of card files
    Fault("D4", "hostile archives", hostile.archives, 0, 40),
    Fault("D5", "hostile and damaged pickles", hostile.pickles, 0, 20_000),
    Fault("B1", "damaged streams and codec files, checksums repaired or not", hostile.streams, 0, 10_000_000),
    Fault("B2", "damaged card files, digests repaired or not", hostile.cards, 0, 200_000),
    Fault("I1", "damaged, huge, deep, animated and odd pictures", images.pictures, 1000, 20_000),
    Fault("C1", "wrong params files", texts.params, 300, 5_000),
    Fault("C2", "wrong claims files", texts.claims, 100, 2_000),
    Fault("Q3", "shifts and records again: one and two threads, images in another order", repeats.repeated, 1, 10),
]


def main(words: list[str]) -> int:
    """Run those named, or all, at full size or `--small`; the number of failures."""
    only, small = [word for word in words if word != "--small"], "--small" in words
    failures, project = 0, None
    if unknown := set(only) - {fault.id for fault in FAULTS}:
        raise SystemExit(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(f.id for f in FAULTS)}")
    with tempfile.TemporaryDirectory(prefix="faults") as folder:
        for fault in FAULTS:
            if only and fault.id not in only:
                continue
            if fault.on_slurm and not installed():
                print(f"{fault.id}: NOT TRIED: it needs root and the packages slurm-wlm and munge")
                continue
            begun, tries = time.monotonic(), (fault.small or fault.full // 10) if small else fault.full
            place = Path(folder) / fault.id
            if fault.on_project:
                project = project or Project.finished(Path(folder) / "finished")
                outcome = fault.tried(project, place, tries, 1)
            else:
                outcome = fault.tried(place, tries, 1)
            write_table(read_table() | {fault.id: row(fault.id, fault.what, outcome)})
            failures += len(outcome.failures)
            spent = time.monotonic() - begun
            print(
                f"{fault.id}: {outcome.tries} tries, {len(outcome.failures)} failures, {spent:.0f} s; {outcome.worst}"
            )
            for line in outcome.failures[:20]:
                print(f"    {line}")
    return failures


if __name__ == "__main__":
    sys.exit(min(1, main(sys.argv[1:])))
