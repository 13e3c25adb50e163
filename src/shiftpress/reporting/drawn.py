"""What every function that draws a figure gives back."""

from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class Drawn:
    """A figure, the estimates it shows (columns model, place, mean, low, high, n), and the published numbers in it."""

    svg: str
    data: pd.DataFrame
    place: str
    note: str
    paper: pd.DataFrame = field(default_factory=pd.DataFrame)
    measure: str = "distortion_se"
    """Column of the published numbers that is drawn."""
    theirs: str = "paper"
    """Whose the published numbers are."""
    bands: bool = True
    """Whether intervals are drawn; a map has none."""
