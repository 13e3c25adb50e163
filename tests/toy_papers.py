"""Made-up records of all papers' networks on one dataset, scored under the same shifts, and on coded images."""

import numpy as np
import pandas as pd
from toy_cards import card_records
from toy_compressed import compressed_records
from toy_decks import deck_records
from toy_edge_records import CORRUPTIONS, DOMAINS, KINDS, edge_records

SHARED = {"clean": (0.0,), **DOMAINS, **CORRUPTIONS}
ENTRIES = {
    **{name: {"kind": kind} for name, kind in KINDS.items()},
    "coded": {"kind": "learned_codec", "codec": "fixed10", "objective": "erm", "severities": [1, 2]},
    "coded_more": {"kind": "learned_codec", "codec": "factorized", "objective": "erm", "severities": [1]},
    "recompressed": {"kind": "recompression", "format": "webp", "severities": [25, 50, 99]},
}
RATES = {"fixed10/erm": 36.8, "factorized/erm": 99.7, "webp/q75": 1826.0, "webp/q1": 880.8, "jpeg/q50": 1317.6}
"""Bits of an image; webp at quality 50 was not measured."""
CODED = {("coded", 1.0): 12.0, ("coded", 2.0): 16.0, ("coded_more", 1.0): 6.0,
         ("recompressed", 25.0): 0.2, ("recompressed", 50.0): 0.5, ("recompressed", 99.0): 3.0}  # fmt: skip
"""Points of accuracy lost."""
GATES = {("lenet/al0/1", "pgd"): ["masking"]}


def all_papers(seeds: int = 3) -> pd.DataFrame:
    """Cards, ATMC, decks and edge nets; PGD at radius 0.02 is shared by ATMC and edge nets."""
    cards = card_records(pruners=("lrr", "biprop"), levels=(80, 95), augmentations=("clean",), seeds=seeds)
    cards = cards[cards["shift"].isin(["clean", "storage"])]
    atmc = compressed_records(radii=(0.02, 0.05), failed=GATES, seeds=seeds)
    edge = edge_records(attacks=("pgd",), seeds=seeds)
    cells = [(shift, severity) for shift, own in SHARED.items() for severity in own if shift != "clean"]
    # cards know one cell more, which the others do not
    more = [_lowered(cards, [*cells, ("fog", 4.0), ("snow", 1.0)], 2.5), _lowered(atmc, cells, 4.0)]
    coded = pd.concat([_lowered(cards, [cell], points, 0.0) for cell, points in CODED.items()])
    return pd.concat([cards, atmc, edge, deck_records(seeds=seeds), *more, coded, rates(seeds)], ignore_index=True)


def rates(seeds: int = 3) -> pd.DataFrame:
    """Codecs' bits on clean images."""
    row = {
        "phase": "codecs",
        "dataset": "mnist5k",
        "shift": "clean",
        "severity": 0.0,
        "source": "regenerated",
        "n": 500,
    }
    return pd.DataFrame(
        [
            {**row, "model": model, "seed": seed, "metric": "disk_bits", "value": bits, "n": 500, "fingerprint": "f"}
            for model, bits in RATES.items()
            for seed in range(1 if "/q" in model else seeds)
        ]
    )


def _lowered(frame: pd.DataFrame, cells: list[tuple[str, float]], points: float, per: float = 1.0) -> pd.DataFrame:
    """Accuracies of a phase in other cells: so many points below clean, and as many for each severity."""
    compares = frame.model.str.contains("~|/order")
    clean = frame[(frame["shift"] == "clean") & (frame.metric == "accuracy") & ~compares]
    found = []
    for place, (shift, severity) in enumerate(cells):
        noise = np.random.default_rng(place).normal(0, 0.002, len(clean))
        value = np.clip(clean["value"] - points / 100 * (1 + per * severity) + noise, 0, 1)
        found.append(clean.assign(shift=shift, severity=severity, value=value))
    return pd.concat(found)
