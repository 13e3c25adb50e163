"""Made-up records of classifiers whose truth is known: differences to dense like the sister study's, in points."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

FAMILIES = {
    "noise": ["gaussian_noise", "shot_noise", "impulse_noise"],
    "blur": ["defocus_blur", "glass_blur", "motion_blur", "zoom_blur"],
    "weather": ["snow", "frost", "fog", "brightness"],
    "digital": ["contrast", "elastic_transform", "pixelate", "jpeg_compression"],
}
LEVELS = (50, 60, 80, 90, 95)
# by pruner: robust accuracy less dense at 50 and at 95 %, clean accuracy less dense, accuracy under a natural shift
TRUTH = {
    "lrr": (1.2, 1.8, 0.1, 1.4),
    "lth": (0.3, 0.9, 0.1, 0.5),
    "edge_popup": (1.5, 1.2, -0.2, -2.7),
    "biprop": (0.9, 0.6, -0.2, -3.1),
    "gradual": (-0.7, -1.9, -0.8, -1.0),
    "fine_tune": (-0.3, -3.5, -0.9, -1.2),
    "dense_long": (0.2, 0.4, 0.3, 0.3),
    "random": (-0.5, -2.0, -1.0, -1.0),
    "edge_popup_layerwise": (1.5, -1.0, 2.4, -2.0),
    "biprop_layerwise": (0.9, -1.5, 2.1, -2.0),
}
LAPTOP = [name for name in TRUTH if name != "random" and "layerwise" not in name]
MILD = 6.0
AUGMENTED = {
    "clean": {},
    "gaussian": {"noise": 12.0},
    "augmix": {"noise": 5.0, "blur": MILD, "weather": MILD, "digital": MILD},
}
SENSITIVE = {"clean": (30.0, 60.0), "gaussian": (35.0, 40.0), "augmix": (28.0, 48.0)}
"""Errors under low and high frequencies."""
COLUMNS = ["phase", "dataset", "model", "shift", "severity", "source", "seed", "metric", "value", "n", "fingerprint"]


def card_records(
    pruners: list[str] | None = None,
    levels: tuple[int, ...] = LEVELS,
    augmentations: tuple[str, ...] = ("clean", "gaussian", "augmix"),
    seeds: int = 3,
    dataset: str = "mnist5k",
    classifier: str = "convs",
    picks: tuple[str, ...] = ("", "/best"),
) -> pd.DataFrame:
    """Scores of dense networks and cards. Seeds move all networks of a seed alike, and each by a little more."""
    rows = []
    for seed in range(seeds):
        common = np.random.default_rng(seed).normal(0, 2.0)
        for augmentation in augmentations:
            for pick in picks:
                names = [("dense", 0)] + [(name, level) for name in (pruners or TRUTH) for level in levels]
                for pruner, level in names:
                    model = "/".join([classifier, augmentation, pruner, *([str(level)] if level else [])]) + pick
                    rng = np.random.default_rng([seed, *model.encode()])
                    for shift, severity, metric, value in _cells(pruner, level, augmentation):
                        if metric == "accuracy":
                            value = (value + common + rng.normal(0, 0.05)) / 100
                        where = ("cards", dataset, model, shift, severity, "regenerated", seed, metric)
                        rows.append((*where, value, 100, "f"))
    return pd.DataFrame(rows, columns=COLUMNS)


def controls(seeds: int = 3, dataset: str = "mnist5k") -> pd.DataFrame:
    """Networks that one claim alone is about: further widths, which gain the more the wider, and none normalised."""
    own = {"levels": (95,), "augmentations": ("clean",), "picks": ("",), "seeds": seeds, "dataset": dataset}
    found = [card_records(["lth"], classifier="conv4", **own)]
    for classifier, doublings in {"convs_quarter": -2, "convs_half": -1, "convs_double": 1}.items():
        frame = card_records(["lrr"], classifier=classifier, **own)
        pruned = frame.model.str.contains("/lrr/") & (frame.metric == "accuracy") & (frame.severity > 0)
        frame.loc[pruned, "value"] += 0.5 * doublings / 100
        found.append(frame)
    return pd.concat(found, ignore_index=True)


def _cells(pruner: str, level: int, augmentation: str) -> Iterator[tuple[str, float, str, float]]:
    first, last, clean, natural = TRUTH[pruner] if level else (0.0, 0.0, 0.0, 0.0)
    gain = first + (last - first) * (level - 50) / 45
    yield "clean", 0.0, "accuracy", 90.0 + clean
    yield "to_uci", 1.0, "accuracy", 60.0 + natural
    for severity in (0.1, 0.2, 0.3):
        yield "noise", severity, "accuracy", 75.0 + gain
    for family, shifts in FAMILIES.items():
        for shift in shifts:
            for severity in (1.0, 3.0, 5.0):
                more = AUGMENTED[augmentation].get(family, 0.0)
                yield shift, severity, "accuracy", 80.0 - 6 * severity + gain + more
            yield shift, 5.0, "margin_bound", 0.6
            yield shift, 5.0, "margin_drop", -gain / 100
            yield shift, 5.0, "margin_broken", 0.0
            yield shift, 5.0, "margin_broken_q99", 0.0
    yield from _analysis(pruner, level, augmentation)


def _analysis(pruner: str, level: int, augmentation: str) -> Iterator[tuple[str, float, str, float]]:
    low, high = SENSITIVE[augmentation]
    yield "fourier", 0.0, "error_low", low / 100
    yield "fourier", 0.0, "error_mid", (low + high) / 200
    yield "fourier", 0.0, "error_high", high / 100
    for i in range(-10, 11, 5):
        for j in range(-10, 11, 5):
            if (i, j) >= (0, 0):
                share = min(1.0, (i * i + j * j) ** 0.5 / 14)
                yield "fourier", 0.0, f"error/{i}/{j}", (low + share * (high - low)) / 100
    yield "slopes", 0.0, "jacobian_norm", 1.0 if pruner == "dense" else 0.8
    yield "slopes", 0.0, "gradient_norm", 0.3
    kept, bits = 1 - level / 100, 1 if pruner.startswith("biprop") else 32
    if pruner == "dense_long":
        kept = 1.0
    weights = 200_000
    yield "storage", 0.0, "bytes_dense", 4.0 * weights
    yield "storage", 0.0, "bytes_nonzero", weights * kept * bits / 8
    yield "storage", 0.0, "bytes_bitmap", weights * (kept * bits + 1) / 8
    yield "storage", 0.0, "bytes_entropy", weights * (kept * bits + 0.3 * (kept < 1)) / 8
    yield "storage", 0.0, "disk_bytes", weights * (kept * bits + 0.3 * (kept < 1)) / 8 + 1500
    for number, (name, factor) in enumerate([("conv0", 1.6), ("conv1", 1.2), ("fc0", 0.98), ("head", 1.5)]):
        yield "storage", 0.0, f"kept/{number:02d}/{name}", min(1.0, kept * factor) if kept < 1 else 1.0
