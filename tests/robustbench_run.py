"""Runs RobustBench's own ``benchmark()`` on exported decks and compares it with what our evaluation said.

Runs where robustbench is installed and this package is not: ``python robustbench_run.py FOLDER``, the folder being what
tests/robustbench_deck.py wrote. RobustBench's loaders read the images from disk themselves. What is put in their way:
the checksum with which torchvision knows CIFAR-10's own files; a row for AlexNet, which RobustBench asks for to compute
an error that is not compared here; and, in 1.1.1, a name for the last argument of its loader of CIFAR-10-C, which its
``benchmark`` gives by a name that the loader does not have.
"""

import csv
import hashlib
import importlib
import io
import json
import os
import pickle
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pandas
import pyautoattack
import pyautoattack.state
import torch

# the published package asks for pyautoattack and imports it by its old name
sys.modules |= {"autoattack": pyautoattack, "autoattack.state": pyautoattack.state}

from robustbench.data import CORRUPTION_DATASET_LOADERS, CORRUPTIONS, load_cifar10c  # noqa: E402
from robustbench.eval import benchmark  # noqa: E402
from robustbench.model_zoo.enums import BenchmarkDataset, ThreatModel  # noqa: E402
from robustbench.utils import ModelInfo, list_available_models  # noqa: E402
from torchvision import datasets  # noqa: E402

PLACE = Path("model_info/cifar10/corruptions")
LISTED = "Diffenderfer2021Winning_LRR_CARD_Deck"
"""A name that RobustBench lists; ours is put in its file's place to see it listed."""


def own_checksums(data: Path) -> None:
    """What torchvision takes for CIFAR-10 is the test batch in this folder."""
    meta = data / "cifar-10-batches-py/batches.meta"
    meta.write_bytes(pickle.dumps({"label_names": [f"class {number}" for number in range(10)]}))
    digest = {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in meta.parent.iterdir()}
    datasets.CIFAR10.train_list = []
    datasets.CIFAR10.test_list = [["test_batch", digest["test_batch"]]]
    datasets.CIFAR10.meta = {"filename": meta.name, "key": "label_names", "md5": digest[meta.name]}


def named_argument() -> None:
    """The loader of CIFAR-10-C, unchanged, for the name by which ``benchmark`` calls its last argument."""

    def loader(*given: object, prepr: object, **named: object) -> object:
        return load_cifar10c(*given, **named)

    CORRUPTION_DATASET_LOADERS[BenchmarkDataset.cifar_10][ThreatModel.corruptions] = loader


def alexnet() -> None:
    with open(PLACE / "unaggregated_results.csv", "w", newline="") as file:
        rows = csv.writer(file)
        cells = [(name, severity) for name in CORRUPTIONS for severity in range(1, 6)]
        rows.writerow(["", *(name for name, _ in cells)])
        rows.writerow(["", *(severity for _, severity in cells)])
        rows.writerow(["AlexNet", *(0.5 for _ in cells)])


def judged(name: str, wanted: dict, images: int, batch: int) -> list[str]:
    """Every number that differs, and every field that does not fit."""
    model = importlib.import_module(name).Deck()
    own = json.loads(Path(f"{name}.json").read_text())
    ModelInfo(**own)
    (PLACE / f"{name}.json").write_text(Path(f"{name}.json").read_text())
    start = time.perf_counter()
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        clean, robust = benchmark(
            model, images, "cifar10", "corruptions", to_disk=True, model_name=name, data_dir="data", batch_size=batch
        )
    table = PLACE / "unaggregated_results.csv"
    cells = pandas.read_csv(table, header=[0, 1], index_col=0, float_precision="round_trip").loc[name]
    found = {c: [float(cells[c][s]) for s in sorted(cells[c].index, key=int)] for c in wanted["cells"]}
    differences = [abs(a - b) for c, row in wanted["cells"].items() for a, b in zip(row, found[c], strict=True)]
    after = json.loads((PLACE / f"{name}.json").read_text())
    print(
        f"{name:16} clean {clean:.4f}, difference {clean - wanted['clean']}; robust {robust:.4f}; largest difference of"
        f" {len(differences)} cells {max(differences)}; {time.perf_counter() - start:.1f} s"
    )
    wrong = [f"{name}: clean {clean} is not {wanted['clean']}"] if clean != wanted["clean"] else []
    wrong += [f"{name}: {sum(d > 0 for d in differences)} cells differ"] if any(differences) else []
    wrong += [
        f"{name}: RobustBench changes {key} from {value!r} to {after.get(key)!r}"
        for key, value in own.items()
        if key not in ("clean_acc", "corruptions_acc") and after.get(key) != value
    ]
    for key in ("clean_acc", "corruptions_acc"):
        if abs(float(after[key]) - float(own[key])) > 0.0100001:
            wrong.append(f"{name}: RobustBench writes {key} {after[key]}, ours is {own[key]}")
    return wrong


def listed(name: str) -> list[str]:
    """RobustBench prints its table from our file."""
    (PLACE / f"{LISTED}.json").write_text(Path(f"{name}.json").read_text())
    with redirect_stdout(io.StringIO()) as said:
        list_available_models("cifar10", "corruptions")
    (PLACE / f"{LISTED}.json").unlink()
    own = json.loads(Path(f"{name}.json").read_text())
    rows = [row for row in said.getvalue().splitlines() if LISTED in row]
    known = len(rows) == 1 and all(word in rows[0] for word in (own["name"], own["link"], f"{own['clean_acc']}%"))
    return [] if known else [f"{name}: RobustBench's table is {said.getvalue()!r}"]


def main() -> int:
    os.chdir(sys.argv[1])
    sys.path.insert(0, ".")
    torch.set_num_threads(1)
    try:
        importlib.import_module("shiftpress")
    except ImportError:
        pass
    else:
        sys.exit("shiftpress can be imported here; this is to run without it")
    PLACE.mkdir(parents=True, exist_ok=True)
    own_checksums(Path("data"))
    named_argument()
    alexnet()
    expected = json.loads(Path("expected.json").read_text())
    wrong = []
    for name, wanted in expected["models"].items():
        wrong += judged(name, wanted, expected["images"], expected["batch"]) + listed(name)
    print("\n".join(wrong) or f"all equal, {expected['images']} images, RobustBench's batches of {expected['batch']}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
