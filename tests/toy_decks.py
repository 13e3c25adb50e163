"""Made-up records of decks whose truth is known: gains over single cards as in the released models."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from toy_cards import COLUMNS, FAMILIES

SEVERITIES = (1.0, 3.0, 5.0)
GAINS = {1.0: 0.6, 3.0: 1.6, 5.0: 3.5}
"""Of the deck over its best card, by severity."""
NOISE = FAMILIES["noise"]
MEMBERS = {"augmix": 3, "gaussian": 3}
# robust accuracy less that of the agnostic deck of cards
MODELS = {
    "pair33/uniform": 0.0,
    "pair33/uniform_logits": -0.2,
    "pair33/spectral/1": -0.4,
    "pair33/spectral/10": -0.1,
    "pair33/spectral/100": 0.02,
    "pair33/learned/10": -0.1,
    "pair33/learned/100": -0.05,
    "pair33/confidence": 0.0,
    "pair33/random": -1.2,
    "pair33/oracle": 0.3,
    "pair33_dense/uniform": -0.1,
    "pair33_dense/spectral/100": -0.1,
    "pair33_dense/oracle": 0.2,
    "six_gaussian/uniform": -1.1,
    "budget_50000/uniform": -1.5,
    "budget_200000/uniform": -0.6,
}
STANDARD = {"six_augmix/uniform": -0.9, "pair33_binary/uniform": -2.0}
BYTES = {
    "pair33": 300_000.0,
    "pair33_dense": 4_900_000.0,
    "six_gaussian": 300_000.0,
    "six_augmix": 300_000.0,
    "pair33_binary": 60_000.0,
    "budget_50000": 48_000.0,
    "budget_200000": 190_000.0,
}
DENSE = 824_000.0


def deck_records(seeds: int = 3, standard: bool = False, dataset: str = "mnist5k") -> pd.DataFrame:
    """Scores of decks behind gates, of their cards, and their bytes. Seeds move all models of a seed alike."""
    rows = []
    for seed in range(seeds):
        common = np.random.default_rng(seed).normal(0, 2.0)
        for model, cells in _models(standard):
            rng = np.random.default_rng([seed, *model.encode()])
            for shift, severity, metric, value in cells:
                if metric == "accuracy":
                    value = (value + common + rng.normal(0, 0.05)) / 100
                rows.append(("decks", dataset, model, shift, severity, "regenerated", seed, metric, value, 100, "f"))
    return pd.DataFrame(rows, columns=COLUMNS)


def _models(standard: bool) -> Iterator[tuple[str, list[tuple[str, float, str, float]]]]:
    models = MODELS | (STANDARD if standard else {})
    for model, more in models.items():
        yield model, [*_cells(more), *_routing(model)]
    for deck in ["pair33", "pair33_dense", *(["pair33_binary"] if standard else [])]:
        yield f"{deck}/best", [*_cells(STANDARD["pair33_binary/uniform"] * ("binary" in deck), alone=True)]
    for augmentation, copies in MEMBERS.items():
        for copy in range(copies):
            for card, size in (("lrr_once/95", 50_000.0), ("dense", 820_000.0)):
                key = f"convs/{augmentation}/{card}/{copy}"
                yield key, [*_cells(-0.3 * copy, alone=True), ("storage", 0.0, "disk_bytes", size)]
    for deck in dict.fromkeys(model.split("/")[0] for model in models):
        yield deck, list(_storage(deck))


def _cells(more: float, alone: bool = False) -> Iterator[tuple[str, float, str, float]]:
    yield "clean", 0.0, "accuracy", 95.0 + more / 10
    for shifts in FAMILIES.values():
        for shift in shifts:
            for severity in SEVERITIES:
                yield shift, severity, "accuracy", 90.0 - 5 * severity + more - (GAINS[severity] if alone else 0.0)
    yield "mixed", 1.0, "accuracy", 75.0 + more
    for part in range(10):
        yield "drift", (part + 1) / 10, "accuracy", 75.0 + more - part


def _routing(model: str) -> Iterator[tuple[str, float, str, float]]:
    """The spectral and the learned gate send noise to the Gaussian cards and the rest to the others."""
    for shift in ["clean", *(name for names in FAMILIES.values() for name in names)]:
        for severity in [0.0] if shift == "clean" else SEVERITIES:
            share = 0.5
            if "spectral" in model or "learned" in model:
                share = (0.97 if severity > 1 else 0.6) if shift in NOISE else 0.02
            share = 1.0 if model.startswith("six") else share
            yield shift, severity, "weight_gaussian", share
            yield shift, severity, "cards_used", 3.0 if "spectral" in model else 6.0
            if not model.startswith("six"):
                yield shift, severity, "weight_augmix", 1 - share


def _storage(deck: str) -> Iterator[tuple[str, float, str, float]]:
    yield "storage", 0.0, "disk_bytes", BYTES[deck]
    yield "storage", 0.0, "bytes_dense", DENSE
    for word, factor in (("disk", 1.0), ("nonzero", 0.8), ("bitmap", 1.3), ("entropy", 0.9)):
        yield "storage", 0.0, f"{word}_per_dense", factor * BYTES[deck] / DENSE
    yield "storage", 0.0, "card/convs/gaussian/lrr_once/95/0", 1.0
