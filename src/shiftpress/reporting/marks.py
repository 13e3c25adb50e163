"""Which of several models is the best, and which ones these seeds cannot tell from it."""

import numpy as np
import pandas as pd

from shiftpress.core.statistics import LEVEL, MIN_SEEDS, half_widths

BEST, TIED = "best", "tied"


def best_of(values: pd.DataFrame) -> dict[str, str]:
    """``values`` has a row per seed and a column per model: those of the largest mean, and those tied with it.

    Tied: a paired t test over the seeds of both, two-sided at 5 %, does not tell them apart. Fewer than three seeds
    tell nothing, so that nothing is tied; and one model alone is not the best of anything.
    """
    if values.shape[1] < 2:
        return {}
    means, best = values.mean(), values[values.mean().idxmax()].to_numpy()
    # what differs by rounding only is as good
    found = dict.fromkeys(means[means > means.max() - 1e-9].index, BEST)
    for other in values.columns.drop(list(found)):
        differences = best - values[other].to_numpy()
        differences = differences[~np.isnan(differences)]
        # its interval holds zero, which is what the test says, and faster
        if len(differences) >= MIN_SEEDS and abs(differences.mean()) < half_widths(differences, 1 - 2 * LEVEL):
            found[other] = TIED
    return found
