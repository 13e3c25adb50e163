"""Numbers about cards that several figures show: robust accuracy, its difference to dense, and names taken apart."""

import pandas as pd

FAMILIES = {
    "noise": ["gaussian_noise", "shot_noise", "impulse_noise"],
    "blur": ["defocus_blur", "glass_blur", "motion_blur", "zoom_blur"],
    "weather": ["snow", "frost", "fog", "brightness"],
    "digital": ["contrast", "elastic_transform", "pixelate", "jpeg_compression"],
}
"""The 15 corruptions whose mean is robust accuracy, by the names that their entries usually have."""
CORRUPTIONS = [name for names in FAMILIES.values() for name in names]
DENSE = "dense"


def taken_apart(frame: pd.DataFrame) -> pd.DataFrame:
    """Records of classifiers with the columns net (classifier/augmentation), pruner, level (percent); last epochs only.

    Dense networks have level 0.
    """
    cards = frame[(frame.phase == "cards") & ~frame.model.str.endswith("/best")]
    # sums of floating-point numbers depend on their order
    cards = cards.sort_values(["dataset", "model", "shift", "metric", "severity", "seed"], ignore_index=True)
    parts = cards.model.str.split("/", expand=True).reindex(columns=range(4)).astype(object)
    level = pd.to_numeric(parts[3]).fillna(0.0)
    return cards.assign(net=parts[0] + "/" + parts[1], pruner=parts[2], level=level)


def accuracy(cards: pd.DataFrame, robust: bool) -> pd.DataFrame:
    """A row per network and seed: accuracy in percent, on clean images, or as the mean over the corruptions there are.

    Every corruption counts alike, whatever its number of severities.
    """
    rows = cards[cards.metric == "accuracy"]
    keys = ["net", "pruner", "level", "model", "seed"]
    if not robust:
        return _percent(rows[(rows["shift"] == "clean") & (rows.severity == 0)], keys)
    rows = rows[rows["shift"].isin(CORRUPTIONS) & (rows.severity != 0)]
    return _percent(_percent(rows, [*keys, "shift"], 1.0), keys)


def by_corruption(cards: pd.DataFrame) -> pd.DataFrame:
    """A row per network, seed and corruption: accuracy in percent, mean over severities."""
    rows = cards[(cards.metric == "accuracy") & cards["shift"].isin(CORRUPTIONS) & (cards.severity != 0)]
    return _percent(rows, ["net", "pruner", "level", "model", "seed", "shift"])


def less_dense(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The rows of cards with the value of the dense network of the same ``by`` taken off; others are left out."""
    dense = rows[rows.pruner == DENSE].set_index(by)["value"].rename("dense")
    found = rows[rows.pruner != DENSE].join(dense, on=by, how="inner")
    return found.assign(value=found["value"] - found.dense).drop(columns="dense")


def sparsest(cards: pd.DataFrame) -> pd.DataFrame:
    """Dense networks, and of every pruner those with the most removed."""
    return cards[cards.level == cards.groupby("pruner")["level"].transform("max")]


def _percent(rows: pd.DataFrame, keys: list[str], scale: float = 100.0) -> pd.DataFrame:
    found = rows.groupby(keys, sort=False)["value"].mean().reset_index()
    return found.assign(value=found["value"] * scale)
