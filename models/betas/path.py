"""One record for every time-varying beta, so that one chart lays them over each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from models.estimate import Estimate


@dataclass(frozen=True)
class BetaPath:
    """A beta through time.

    Attributes
    ----------
    dependent, factor : str
        The series explained, and the factor whose coefficient this is.
    frame : DataFrame, (T, 3)
        Columns "estimate", "lower", "upper".
    information : {"predicted", "filtered", "smoothed"}
        What each day's value knows: the day before, the day itself, or the whole sample.
    level : float
        Coverage of the band, session by session.
    average : Estimate
        Mean over the sample with its interval.
    method : str
    """

    dependent: str
    factor: str
    frame: pd.DataFrame
    information: Literal["predicted", "filtered", "smoothed"]
    level: float
    average: Estimate
    method: str

    def share_within(self, low: float, high: float) -> float:
        """Share of sessions on which the estimate lies in [low, high]."""
        return float(self.frame["estimate"].between(low, high).mean())
