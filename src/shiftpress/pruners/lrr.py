"""Learning-rate rewinding (Renda, Frankle, Carbin 2020), the method behind the full-precision CARDs."""

from shiftpress.pruners._iterative import Iterative


class LearningRateRewinding(Iterative):
    """Train; remove the smallest weights; retrain what is left for as long again, from where it stands; repeat.

    Weights are kept and only the schedule starts again, with fresh momentum (Diffenderfer et al. 2021 use it as LRR).
    """

    title = "LRR"
