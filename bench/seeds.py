"""Cost of training the seeds of one method in one job beside one job for each, by the pipeline's own script.

``python bench/seeds.py [--codec fixed10 --objective erm --seeds 5 --epochs 2 --repeats 5 --json FILE]`` prints CPU time
of one thread and wall time of whole jobs, start of Python included, medians over repeats in which both ways take turns.
The weights of every seed are compared: they must be the same to the last bit.
"""

import argparse
import json
import os
import resource
import runpy
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

from table import ROOT, Row, finish, options, row

SCRIPT = ROOT / "workflow/scripts/train_codec.py"


class Named(dict):
    """A mapping whose keys are attributes, too, as Snakemake hands params to a script."""

    __getattr__ = dict.__getitem__


def work(folder: Path, job: dict) -> None:
    """One job: the script as Snakemake runs it. In a process of its own."""
    places = Named(dataset="mnist5k", codec=job["name"][0], objective=job["name"][1], seeds=job["seeds"])
    snakemake = SimpleNamespace(
        params=Named(codec=job["codec"], objective=job["objective"], fit=job["fit"]),
        wildcards=places,
        input=Named(train=str(folder / "train"), code=[str(SCRIPT)]),
        output=SimpleNamespace(weights=str(folder / job["seeds"])),
        log=[str(folder / "log")],
        threads=1,
    )
    runpy.run_path(str(SCRIPT), init_globals={"snakemake": snakemake})


def spent(folder: Path, job: dict, blocks: list[str]) -> tuple[float, float]:
    """CPU and wall seconds of one job after another, one for each block of seeds."""
    start, before = time.perf_counter(), _children()
    for block in blocks:
        words = [sys.executable, "-W", "ignore", __file__, "--work", str(folder), json.dumps(job | {"seeds": block})]
        subprocess.run(words, check=True, stderr=subprocess.DEVNULL)
    return _children() - before, time.perf_counter() - start


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _same(folder: Path, together: str, alone: list[str]) -> int:
    """Tensors compared. Raises AssertionError at the first that differs."""
    import torch

    from shiftpress.core.tensors import read_tensors

    whole = read_tensors(folder / together)
    parts = {name: value for block in alone for name, value in read_tensors(folder / block).items()}
    assert whole.keys() == parts.keys(), "one job has other tensors than single ones"
    for name, value in whole.items():
        assert value.dtype == parts[name].dtype and torch.equal(value, parts[name]), f"{name} differs"
    return len(whole)


def measure(folder: Path, given: argparse.Namespace) -> list[Row]:
    from shiftpress.assembly import build
    from shiftpress.core.seeds import blocks
    from shiftpress.core.splits import as_tensors
    from shiftpress.core.tensors import write_tensors
    from shiftpress.loading import load_study
    from shiftpress.preparation import prepare
    from shiftpress.staging import stage

    os.chdir(ROOT)
    params = load_study(["params.yaml"])
    dataset = build("datasets", params.datasets["mnist5k"])
    for line in stage("mnist5k", dataset):
        print(line)
    splits, _ = prepare(dataset)
    write_tensors(folder / "train", as_tensors(splits["train"]), "bench")
    job = {
        "name": [given.codec, given.objective],
        "codec": params.codecs[given.codec].model_dump(),
        "objective": params.objectives[given.objective].model_dump(),
        "fit": params.fit.codecs.model_dump() | {"epochs": given.epochs},
    }
    seeds = list(range(given.seeds))
    (together,), alone = blocks(seeds, len(seeds)), blocks(seeds, 1)
    turns = []
    for number in range(given.repeats):
        turns.append((spent(folder, job, [together]), spent(folder, job, alone)))
        tensors = _same(folder, together, alone)
        print(f"turn {number + 1}: {tensors} tensors of {given.seeds} seeds are the same to the last bit", flush=True)
    name = f"{given.seeds} seeds of {given.codec}/{given.objective}, {given.epochs} epochs"
    made = []
    for place, clock in enumerate(("CPU", "wall")):
        own, other = ([turn[way][place] for turn in turns] for way in (0, 1))
        least = 1.0 if clock == "CPU" else None
        made.append(row(f"{name}, {clock} time", "a job for each seed", "s", own, other, least=least))
    return made


def main() -> None:
    words = options(__doc__)
    words.add_argument("--codec", default="fixed10", help="entry of params.yaml")
    words.add_argument("--objective", default="erm", help="entry of params.yaml")
    for name, number in (("seeds", 5), ("epochs", 2), ("repeats", 5)):
        words.add_argument(f"--{name}", type=int, default=number)
    words.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.work:
        work(Path(given.work[0]), json.loads(given.work[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        finish(measure(Path(folder), given), given)


if __name__ == "__main__":
    main()
