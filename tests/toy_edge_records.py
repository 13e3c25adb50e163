"""Made-up records of networks for the edge whose truth is known: three sizes, pruned, taught and rounded."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from shiftpress.core.records import Record

SIZES = {"edge_s": 67_000, "edge_m": 134_000, "edge_l": 268_000}
"""Numbers of the dense networks."""
# by method and percent: points of accuracy lost on clean images, in domains, under corruptions, under attack; and bits
TRUTH = {
    "dense/100": (0.0, 0.0, 0.0, 0.0, 32),
    "tuned/100": (-0.2, -0.1, 0.1, 0.3, 32),
    "prune/25": (2.0, 6.0, 5.0, 9.0, 32),
    "kd/25": (1.0, 3.0, 2.5, 5.0, 32),
    "no_kd/25": (1.5, 3.5, 3.2, 6.0, 32),
    "prune+kd/25": (1.8, 5.2, 4.3, 8.0, 32),
    "w8a8/25": (0.0, 0.1, 0.1, 0.4, 8),
    "w4a4/12.5": (1.1, 2.3, 2.8, 3.0, 4),
    "prune+kd+w8a8/6.25": (1.9, 5.4, 4.4, 8.2, 8),
}
DOMAINS = {"to_uci": (1.0,), "negative": (0.25, 1.0), "patterned": (0.25, 0.5, 1.0)}
CORRUPTIONS = {name: (1.0, 3.0, 5.0) for name in ("gaussian_noise", "defocus_blur", "fog", "contrast", "pixelate")}
KINDS = {"to_uci": "domain", "negative": "inversion", "patterned": "blend", **{name: name for name in CORRUPTIONS}}
RADII = (0.01, 0.02)
ATTACKS = ("small", "worst_linf")
CLEAN = {"edge_s": 95.5, "edge_m": 96.6, "edge_l": 97.2}


def edge_records(dataset: str = "mnist5k", seeds: int = 3, attacks: tuple[str, ...] = ATTACKS) -> pd.DataFrame:
    """Scores of every network, its losses, and what it is as integers where there are 8 bits of activations."""
    found = [
        Record(
            phase="edge", dataset=dataset, model=f"{size}/{name}", seed=seed, source="regenerated", n=500,
            fingerprint="f", shift=shift, severity=severity, metric=metric, value=value,
        )
        for seed in range(seeds)
        for size in SIZES
        for name, truth in TRUTH.items()
        for shift, severity, metric, value in _cells(size, name, truth, seed, attacks)
    ]  # fmt: skip
    frame = pd.DataFrame([record.model_dump() for record in found])
    return pd.concat([frame, _losses(frame), _orders(frame)], ignore_index=True)


def latencies() -> dict[str, dict[str, float]]:
    """Milliseconds per image by model and batch."""
    speed = {"prune/25": 0.4, "kd/25": 0.35, "no_kd/25": 0.35, "w8a8/25": 0.3, "prune+kd+w8a8/6.25": 0.2}
    return {
        f"{size}/{name}": {"1": 0.5 * count / 67_000 * speed.get(name, 1.0), "32": 0.3 * speed.get(name, 1.0)}
        for size, count in SIZES.items()
        for name in TRUTH
    }


def _cells(size: str, name: str, truth: tuple, seed: int, attacks: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    lost, domains, corruptions, attacked, bits = truth
    common = np.random.default_rng(seed).normal(0, 0.3)
    rng = np.random.default_rng([seed, *f"{size}/{name}".encode()])

    def about(points: float) -> float:
        return min(max((CLEAN[size] + common + rng.normal(0, 0.2) - points) / 100, 0.0), 1.0)

    yield "clean", 0.0, "accuracy", about(lost)
    for group, more, per in ((DOMAINS, domains, 30.0), (CORRUPTIONS, corruptions, 3.0)):
        for shift, severities in group.items():
            for severity in severities:
                yield shift, severity, "accuracy", about(more + per * severity)
    for attack in attacks:
        harder = 5.0 if attack.startswith("worst") else 0.0
        yield attack, 0.0, "robust_accuracy", about(lost)
        for radius in RADII:
            yield attack, radius, "robust_accuracy", about(attacked + harder + 1500 * radius)
    share = float(name.split("/")[1]) / 100
    numbers = SIZES[size] * share * 32 / bits
    yield "storage", 0.0, "numbers", numbers
    yield "storage", 0.0, "bits", numbers * bits
    yield "storage", 0.0, "disk_bytes", round(numbers * bits / 8) + 700.0 + seed
    if "w8a8" in name:
        yield "clean", 0.0, "integer_accuracy", about(lost)
        yield "clean", 0.0, "integer_agreement", 1 - 0.002 * (seed == 0)


def _losses(frame: pd.DataFrame) -> pd.DataFrame:
    """As ``evaluation.resilience`` says them, but for effective robustness, which is made up."""
    rows = frame[frame.metric.isin(["accuracy", "robust_accuracy"])]
    value = rows.set_index(["model", "shift", "severity", "seed"])["value"]
    found = []
    for record in rows.to_dict("records"):
        size, method, _ = record["model"].split("/")
        source = ("clean", 0.0) if record["metric"] == "accuracy" else (record["shift"], 0.0)
        if method == "dense" or (record["shift"], record["severity"]) == source:
            continue
        here, seed = (record["shift"], record["severity"]), record["seed"]
        parent = f"{size}/dense/100"
        lost = value[parent, *here, seed] - record["value"]
        before = value[parent, *source, seed] - value[record["model"], *source, seed]
        made = {"lost_accuracy": lost, "excess_loss": lost - before, "effective_robustness": -5 * (lost - before)}
        found += [record | {"metric": metric, "value": amount} for metric, amount in made.items()]
    return pd.DataFrame(found)


def _orders(frame: pd.DataFrame) -> pd.DataFrame:
    one = frame[(frame.model == "edge_l/dense/100") & (frame["shift"] == "fog") & (frame.metric == "accuracy")]
    return one.assign(model="edge_l/order/all", metric="kendall_tau", value=0.8)
