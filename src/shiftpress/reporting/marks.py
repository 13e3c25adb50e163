"""Which of several models is the best, and which ones these seeds cannot tell from it."""

import pandas as pd

from shiftpress.core.statistics import LEVEL, MIN_SEEDS, student_tails

BEST, TIED = "best", "tied"


def best_of(values: pd.DataFrame) -> dict[str, str]:
    """``values`` has a row per seed and a column per model: those of the largest mean, and those tied with it.

    Tied: a paired t test over the seeds of both, two-sided at 5 %, does not tell them apart. Fewer than three seeds
    tell nothing, so that nothing is tied; and one model alone is not the best of anything.
    """
    if values.shape[1] < 2:
        return {}
    means = values.mean()
    # what differs by rounding only is as good
    found = dict.fromkeys(means[means > means.max() - 1e-9].index, BEST)
    for other in values.columns.drop(list(found)):
        differences = (values[means.idxmax()] - values[other]).dropna().tolist()
        if len(differences) >= MIN_SEEDS:
            tails = student_tails(differences, 0.0)
            if min(tails.greater, tails.less) > LEVEL:
                found[other] = TIED
    return found
