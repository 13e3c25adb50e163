"""Prepares what tests/robustbench_run.py checks: a few decks as Python modules, images, and what our evaluation says.

``python tests/robustbench_deck.py FOLDER [--pictures ROOT]``. Images are made ones of ten classes, or those below
``ROOT/train/<class>`` and ``ROOT/test/<class>``. Cards are trained for seconds, so that accuracy is above chance and
below one; half of them with AugMix, half with Gaussian noise. The test images lie in the file of torchvision's
CIFAR-10, and under every corruption in arrays as those of CIFAR-10-C.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from PIL import Image
from rawfiles import batch
from torch import Tensor, nn
from torch.nn import functional as F

from shiftpress.core.catalog import component
from shiftpress.core.seeds import seed_for
from shiftpress.core.splits import Split
from shiftpress.evaluation.cells import Cell
from shiftpress.evaluation.decks import Dealt, Table, judged, measured, seen_by
from shiftpress.packing.card import Card, pack, unpack
from shiftpress.packing.gating import Gating
from shiftpress.packing.leaderboard import Entry, model_info
from shiftpress.packing.module import module
from shiftpress.shifts.base import Others

SHAPE, CLASSES = (3, 32, 32), 10
KIND, FIELDS = "convs", {}
GROUPS = ("augmix",) * 3 + ("gaussian",) * 3
BATCH = 100
"""Images that RobustBench shows a model at once, which is what the exported gate takes for one domain."""
CORRUPTIONS = (
    *(
        "gaussian_noise",
        "shot_noise",
        "impulse_noise",
        "defocus_blur",
        "glass_blur",
        "motion_blur",
        "zoom_blur",
        "snow",
    ),
    *("frost", "fog", "brightness", "contrast", "elastic_transform", "pixelate", "jpeg_compression"),
)
ENTRY = {
    "link": "https://example.org/shiftpress",
    "name": "A deck of small cards",
    "authors": "Ada Smith, Bob Jones",
    "additional_data": False,
    "architecture": "ConvS",
}


def made(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Ten classes of waves, five lengths upright or lying, in noise: (count, 32, 32, 3) and labels."""
    rng, labels = np.random.default_rng(seed), np.arange(count) % CLASSES
    down, across = np.mgrid[:32, :32]
    angle = (labels // 5)[:, None, None] * np.pi / 2 + rng.normal(0, 0.2, (count, 1, 1))
    length = 3.5 * 1.4 ** (labels % 5)[:, None, None] * rng.uniform(0.85, 1.15, (count, 1, 1))
    phase = rng.uniform(0, 2 * np.pi, (count, 1, 1))
    wave = np.sin(2 * np.pi * (down * np.sin(angle) + across * np.cos(angle)) / length + phase)
    colour = rng.uniform(0.2, 0.8, (count, 1, 1, 3)) + 0.2 * wave[..., None] * rng.uniform(0.3, 1, (count, 1, 1, 3))
    noisy = colour + rng.normal(0, 0.1, (count, 32, 32, 3))
    return (noisy.clip(0, 1) * 255).round().astype(np.uint8), labels


def pictures(root: Path, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The first pictures of every class, classes in turn."""
    folders = sorted(path for path in root.iterdir() if path.is_dir())[:CLASSES]
    files = [sorted(folder.iterdir())[: count // CLASSES] for folder in folders]
    turns = [(path, label) for row in zip(*files, strict=True) for label, path in enumerate(row)]
    images = np.stack([np.asarray(Image.open(path).convert("RGB")) for path, _ in turns])
    return images, np.array([label for _, label in turns])


def split_of(images: np.ndarray, labels: np.ndarray) -> Split:
    rows = torch.arange(len(labels))
    return Split(torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(labels), rows, rows)


def trained(train: Split, group: str, seed: int, epochs: int) -> Card:
    """A dense network, the smallest 90 % of its weights taken away, and trained for half as long again."""
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    augmentation = component("augmentations", group)()
    net = component("classifiers", KIND)(**FIELDS).build(SHAPE, CLASSES)
    net.normalise.fit(train.pixels)
    weights = [p for p in net.parameters() if p.ndim > 1]
    masks = [torch.ones_like(w) for w in weights]
    for rounds in (epochs, max(1, epochs // 2)):
        solver = torch.optim.SGD(net.parameters(), 0.05, momentum=0.9, weight_decay=5e-4)
        for _ in range(rounds):
            for rows in torch.randperm(len(train), generator=random).split(64):
                images = augmentation.views(train.pixels[rows], random)[0]
                solver.zero_grad()
                F.cross_entropy(net.train()(images), train.labels[rows]).backward()
                solver.step()
                masked(weights, masks)
        if rounds == epochs:
            least = torch.cat([w.detach().abs().flatten() for w in weights]).quantile(0.9)
            masks = [(w.detach().abs() > least).float() for w in weights]
            masked(weights, masks)
    return unpack(pack(net.state_dict(), KIND, FIELDS, SHAPE, CLASSES, origin=f"{group}, seed {seed}"))


@torch.no_grad()
def masked(weights: list[nn.Parameter], masks: list[Tensor]) -> None:
    for weight, mask in zip(weights, masks, strict=True):
        weight.mul_(mask)


GATES = {
    "uniform": {},
    "uniform_logits": {"average": "logits"},
    "spectral": {"batches": [BATCH]},
    "learned": {"batches": [BATCH]},
    "confidence": {},
}


def table_of(cards: list[Card], train: Split) -> Table:
    """A deck of all cards behind one gate of each kind that can be exported."""
    random = torch.Generator().manual_seed(1)
    bank = {name: component("augmentations", name)().views(train.pixels[:1000], random)[0] for name in set(GROUPS)}
    gates = {name: component("gates", name.split("_")[0])(**fields) for name, fields in GATES.items()}
    nets = {f"card{number}": card.net().to(memory_format=torch.channels_last) for number, card in enumerate(cards)}
    deck = Dealt("deck", list(range(len(cards))), GROUPS, list(gates))
    return Table(nets, [deck], gates, {name: gate.learn(bank) for name, gate in gates.items()})


def accuracies(table: Table, split: Split) -> dict[str, float]:
    """Those of our evaluation: of every gate, and of the first card alone."""
    view = seen_by(table, Cell("some", 0, "regenerated", split.pixels, split.labels), len(split))
    records = judged(table, view, 0, phase="decks", dataset="cifar10", seed=0, fingerprint="")
    found = {record.model.split("/")[1]: record.value for record in records if record.metric == "accuracy"}
    return {"card": measured(view.logits[0].double().softmax(1), view.labels)["accuracy"], **found}


def write_images(folder: Path, test: Split, corrupted: dict[str, list[Split]]) -> None:
    """As torchvision and RobustBench have them on disk; of CIFAR-10-C only the first images of each 10,000."""
    rows = test.images.permute(0, 2, 3, 1).numpy()
    place = folder / "data/cifar-10-batches-py"
    place.mkdir(parents=True)
    (place / "test_batch").write_bytes(batch(rows, test.labels.numpy(), "labels"))
    place = folder / "data/CIFAR-10-C"
    place.mkdir()
    labels = np.zeros(50_000, np.uint8)
    for step in range(5):
        labels[step * 10_000 :][: len(test)] = test.labels
    np.save(place / "labels.npy", labels)
    for name, splits in corrupted.items():
        whole = np.lib.format.open_memmap(place / f"{name}.npy", "w+", np.uint8, (50_000, 32, 32, 3))  # sparse on disk
        for step, split in enumerate(splits):
            whole[step * 10_000 :][: len(split)] = split.images.permute(0, 2, 3, 1).numpy()


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("folder", type=Path)
    words.add_argument("--pictures", type=Path)
    words.add_argument("--train", type=int, default=2000)
    words.add_argument("--test", type=int, default=300)
    words.add_argument("--epochs", type=int, default=3)
    given = words.parse_args()
    torch.set_num_threads(1)
    start = time.perf_counter()
    if given.pictures:
        train, test = (split_of(*pictures(given.pictures / part, getattr(given, part))) for part in ("train", "test"))
    else:
        train, test = split_of(*made(given.train, 0)), split_of(*made(given.test, 1))
    cards = [trained(train, group, seed, given.epochs) for seed, group in enumerate(GROUPS)]
    corrupted = {}
    for name in CORRUPTIONS:
        shift = component("shifts", name)(severities=[1, 2, 3, 4, 5])
        corrupted[name] = [shift.shift(test, s, seed_for(0, name, s), Others()) for s in shift.severities]
    write_images(given.folder, test, corrupted)
    table = table_of(cards, train)
    clean = accuracies(table, test)
    shifted = {corruption: [accuracies(table, one) for one in row] for corruption, row in corrupted.items()}
    expected = {}
    for name in clean:
        own = cards if name in GATES else cards[:1]
        written = module(own, Gating(table.gates[name], GROUPS, table.kept[name]) if name in GATES else None)
        (given.folder / f"{name}.py").write_text(written.source)
        (given.folder / f"{name}.safetensors").write_bytes(written.weights)
        found = {corruption: [one[name] for one in row] for corruption, row in shifted.items()}
        robust = float(np.mean(list(found.values())))
        expected[name] = {"clean": clean[name], "robust": robust, "cells": found}
        entry = Entry.model_validate({**ENTRY, "clean_acc": 100 * clean[name], "corruptions_acc": 100 * robust})
        (given.folder / f"{name}.json").write_bytes(model_info([card.facts for card in own], entry))
    (given.folder / "expected.json").write_text(json.dumps({"images": len(test), "batch": BATCH, "models": expected}))
    kind = "pictures" if given.pictures else "made images"
    print(
        f"{len(cards)} cards trained on {len(train)} {kind}, {len(test)} tested, in {time.perf_counter() - start:.0f} s"
    )


if __name__ == "__main__":
    main()
