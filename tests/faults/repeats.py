"""Training that is interrupted and work that is repeated, with other threads and in another order: the same bytes."""

import random
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import test_resume
import torch
from faults.outcome import Outcome
from killing import checkpoints_of, killed
from projects import ROOT

from shiftpress.assembly import build
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.splits import Split
from shiftpress.evaluation.cards import measure
from shiftpress.evaluation.cells import cells, score
from shiftpress.loading import load_study
from shiftpress.shifts.base import Others, Shift, shift_split

COUNT = 24


def resumed(folder: Path, tries: int, seed: int) -> Outcome:
    """K5: chains of every kind of pruner, killed up to five times each at random moments."""
    outcome, moments, kills, most = Outcome(), random.Random(seed), 0, 0
    for number in range(tries):
        pruner, about = test_resume.CHAINS[number % len(test_resume.CHAINS)]
        cut = partial(test_resume.chain, pruner, about, folder / f"cut{number}")
        tensors, written = _whole(number % len(test_resume.CHAINS), folder)
        wanted = moments.randint(1, 5)
        found = sum(killed(cut, max(1, 2 * written // wanted), moments) for _ in range(wanted))
        outcome.check(test_resume.same(cut(), tensors), f"try {number}: {type(pruner).__name__} differs")
        Checkpoints("c", folder / f"cut{number}").discard()
        kills, most = kills + found, max(most, found)
    outcome.worst = f"largest difference 0.0 after {kills} kills, {most} in one chain"
    return outcome


@cache
def _whole(place: int, folder: Path) -> tuple[dict, int]:
    """What a chain makes that nobody kills, and how many checkpoints it writes."""
    (pruner, about), made = test_resume.CHAINS[place], []
    work = partial(test_resume.chain, pruner, about, folder / f"whole{place}")
    written = checkpoints_of(lambda: made.append(work()))
    return made[0], written


def repeated(folder: Path, tries: int, seed: int) -> Outcome:
    """Q3: each corruption and the records of a classifier under it: repeated, with two threads, in another order."""
    outcome, threads = Outcome(), torch.get_num_threads()
    params = load_study([str(ROOT / "params.yaml")])
    shifts = {name: build("shifts", entry) for name, entry in params.shifts.items()}
    maps = {name: shift for name, shift in shifts.items() if type(shift).shift is Shift.shift and not shift.needs()}
    torch.manual_seed(0)
    net = build("classifiers", {"kind": "convs", "width": 0.25}).build((1, 32, 32), 4).eval()
    test = _images()
    try:
        first = {name: _made(shift, test, 1) for name, shift in maps.items() if not shift.white_box}
        known = {name: _records(net, name, found) for name, found in first.items()}
        for number in range(tries):
            order = torch.randperm(COUNT, generator=torch.Generator().manual_seed(seed + number))
            back = order.argsort()
            for name in first:
                again = _made(maps[name], test, 1 + number % 2)
                same = all(
                    torch.equal(a.images, b.images) for a, b in zip(again.splits, first[name].splits, strict=True)
                )
                outcome.check(same and _records(net, name, again) == known[name], f"{name}: {1 + number % 2} threads")
                moved = _made(maps[name], test[order], 1 + number % 2)
                pairs = zip(moved.splits, first[name].splits, strict=True)
                outcome.check(all(torch.equal(a.images[back], b.images) for a, b in pairs), f"{name}: in another order")
                back_again = replace(moved, splits=[split[back] for split in moved.splits])
                outcome.check(_records(net, name, back_again) == known[name], f"{name}: records in another order")
    finally:
        torch.set_num_threads(threads)
    outcome.worst = f"{len(first)} shifts at all severities, 1 and 2 threads, shuffled: no byte differs"
    return outcome


def _images() -> Split:
    rng = torch.Generator().manual_seed(5)
    coarse = torch.rand(COUNT, 1, 8, 8, generator=rng)
    images = torch.nn.functional.interpolate(coarse, size=32, mode="bicubic").clamp(0, 1)
    rows = torch.arange(COUNT)
    return Split((images * 255).round().to(torch.uint8), rows % 4, rows * 7919 + 3, rows)


def _made(shift: Shift, test: Split, threads: int):
    torch.set_num_threads(threads)
    return shift_split(shift, test, Others(), 7)


def _records(net: torch.nn.Module, name: str, shifted) -> list:
    shared = {"phase": "cards", "dataset": "toy", "model": "toy", "seed": 0, "fingerprint": "x"}
    return list(score(cells({name: shifted}, {name: "regenerated"}), measure(net), **shared))
