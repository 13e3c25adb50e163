"""Made-up records of compressed networks whose truth is known: what the poster has of LeNet, or nearly."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from shiftpress.core.records import Record
from shiftpress.evaluation.ranking import agreement, at_equal_size

RADIUS = 0.05
# by method and ratio: clean and robust accuracy in percent under the paper's attack, and size by the paper's formula
TRUTH = {
    "da": {100: (97.4, 78.4, 1.0)},
    "nap": {20: (98.2, 22.2, 0.2), 5: (97.9, 10.9, 0.05), 1: (93.6, 2.2, 0.01)},
    "ap": {20: (97.0, 77.0, 0.2), 5: (93.9, 69.9, 0.05), 1: (66.5, 29.4, 0.01)},
    "al0": {20: (97.3, 78.6, 0.2), 5: (94.6, 71.6, 0.05), 1: (71.3, 36.9, 0.01)},
    "alr": {20: (90.0, 60.0, 0.3), 5: (73.9, 46.4, 0.0684), 1: (47.0, 20.3, 0.024)},
    "atmc32": {20: (97.3, 78.7, 0.2), 5: (94.5, 71.7, 0.05), 1: (71.3, 37.0, 0.01)},
    "atmc8": {20: (97.2, 78.3, 0.0558), 5: (94.2, 71.2, 0.0168), 1: (70.3, 36.1, 0.0062)},
}
MORE = {
    "dense_long": {100: (97.5, 79.0, 1.0)},
    "trades": {100: (96.9, 80.0, 1.0)},
    "atmc4": {20: (97.0, 77.3, 0.03), 5: (93.5, 69.5, 0.01), 1: (68.0, 33.9, 0.004)},
    "atmc32_counted": {20: (97.3, 78.5, 0.2), 5: (94.4, 71.5, 0.05), 1: (65.3, 31.0, 0.01)},
    "atmc8_trades": {20: (96.8, 79.3, 0.0558), 5: (94.0, 72.2, 0.0168), 1: (70.0, 36.5, 0.0062)},
}
WEAKER = {"paper": 0.0, "pgd": -4.0}
"""Points by which robust accuracy is another under an attack."""
AUTO = {**WEAKER, "auto": -9.0}
WEIGHTS, BIASES = 430_500, 2320


def compressed_records(
    weaker: dict[str, float] = WEAKER,
    truth: dict[str, dict[float, tuple[float, float, float]]] = TRUTH,
    failed: dict[tuple[str, str], list[str]] | None = None,
    seeds: int = 3,
    dataset: str = "mnist5k",
    radii: tuple[float, ...] = (0.025, RADIUS),
) -> pd.DataFrame:
    """Scores of networks under these attacks; ``failed`` are sanity gates by model and attack.

    Seeds move all networks of a seed alike, and each by a little more.
    """
    found = []
    for seed in range(seeds):
        common = np.random.default_rng(seed).normal(0, 1.0)
        for method, ratios in truth.items():
            for ratio, (clean, robust, size) in ratios.items():
                model = f"lenet/{method}" + (f"/{ratio:g}" if ratio != 100 else "")
                rng = np.random.default_rng([seed, *model.encode()])
                noise = lambda common=common, rng=rng: common + rng.normal(0, 0.4)  # noqa: E731
                shared = {"phase": "atmc", "dataset": dataset, "model": model, "seed": seed}
                shared |= {"source": "regenerated", "n": 500, "fingerprint": "f"}
                cells = [("clean", 0.0, "accuracy", (clean + noise()) / 100)]
                for attack, points in weaker.items():
                    gates = (failed or {}).get((model, attack), [])
                    for radius in (0.0, *radii):
                        left = clean + (max(robust + points, 0.1 * robust) - clean) * radius / RADIUS
                        value = (left + (noise() if radius else common)) / 100
                        cells += [(attack, radius, *pair) for pair in _attacked(value, gates)]
                cells += [("storage", 0.0, *pair) for pair in _stored(method, ratio / 100, size, seed)]
                found += [Record(shift=s, severity=v, metric=m, value=x, **shared) for s, v, m, x in cells]
    more = [r for metric in ("accuracy", "robust_accuracy") for r in at_equal_size(found, metric)]
    found += [*more, *agreement(found, "robust_accuracy", ("paper", RADIUS))]
    return pd.DataFrame([record.model_dump() for record in found])


def _attacked(value: float, gates: list[str]) -> Iterator[tuple[str, float]]:
    yield "robust_accuracy", min(max(value, 0.0), 1.0)
    yield "unreliable", float(bool(gates))
    for gate in gates:
        yield f"unreliable/{gate}", 1.0


def _stored(method: str, ratio: float, size: float, seed: int) -> Iterator[tuple[str, float]]:
    """What ``evaluation.atmc`` says of a file; places cost as much as they do in one matrix of all weights."""
    entries = size if method == "alr" else ratio
    places = 0.0 if entries >= 1 or method == "alr" else -(entries * np.log2(entries)) / 32 + 0.04 * entries
    coded, bits = size < entries, 8 if "8" in method else 4
    disk = size + 1.02 * places + 0.0008 + 0.00001 * seed
    yield "size_paper", size
    yield "size_indexed", size + places
    yield "size_values", entries * (bits if coded else 15) / 32
    yield "size_disk", disk
    yield "nonzero", entries
    yield "codebook_values", 2.0**bits if coded else 0.6 * entries * WEIGHTS
    yield "disk_bytes", round(4 * WEIGHTS * disk) + BIASES
    if method.startswith("atmc"):
        yield "entries_beside", 0.0001 / (1 + 100 * ratio)
