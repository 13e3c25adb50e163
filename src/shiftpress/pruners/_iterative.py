"""What pruners that train in many rounds share."""

import math

from pydantic import Field

from shiftpress.pruners.base import Pruner


class Iterative(Pruner):
    """Train, remove, train again, from level to level."""

    chained = True

    share: float | None = Field(
        None, gt=0, lt=1, description="of what remains, removed per round; none goes straight to the next level"
    )

    def rounds(self, before: float, target: float) -> list[float]:
        """Equal shares of about ``share``, so that the last round meets the level exactly.

        With 0.2 the levels 50, 60, 80, 90, 95 % come after rounds 3, 4, 7, 10, 13, as in open_lth, whose own levels are
        48.8, 59.0, 79.0, 89.3, 94.5 %. Going straight saves two thirds of the trainings: our deviation.
        """
        left = (1 - target) / (1 - before)
        count = 1 if self.share is None else max(1, round(math.log(left) / math.log(1 - self.share)))
        return [1 - (1 - before) * left ** (number / count) for number in range(1, count)] + [target]
