"""Lottery tickets (Frankle & Carbin 2019) with rewinding to an early step (Frankle et al. 2020)."""

from pydantic import Field

from shiftpress.core.tensors import State
from shiftpress.pruners._iterative import Iterative
from shiftpress.pruners.base import Span


class LotteryTicket(Iterative):
    """Train; remove the smallest weights; put the others back to an early step of the first training; repeat.

    Batch normalisation goes back too, its statistics included, and so does the schedule. The step that Diffenderfer et
    al. 2021 rewind to is unknown; 500 to 1,000 is usual for networks with batch normalisation.
    """

    title = "LTH"

    step: int = Field(500, ge=0, le=1_000_000, description="step of the first training to go back to; 0: untrained")

    @property
    def rewind(self) -> int:
        return self.step

    def restart(self, trained: State, early: State) -> State:
        return early

    def span(self) -> Span:
        return Span(first=self.step)
