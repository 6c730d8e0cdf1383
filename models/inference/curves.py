"""Specification curves against curves drawn with their null true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
from scipy import stats

from models.estimate import Estimate


@dataclass(frozen=True, slots=True)
class CurveStatistics:
    """What a curve says in three numbers, each larger where the alternatives say more.

    Attributes
    ----------
    median : float
        Over the estimates.
    share : float
        Of the intervals, those that lie above zero.
    average_z : float
        Sum of the estimates over their standard errors, over the root of their number (Stouffer).
    """

    median: float
    share: float
    average_z: float


def curve_statistics(estimates: Sequence[Estimate]) -> CurveStatistics | None:
    """Statistics of a curve; estimates whose interval has no width count in the median alone.

    None where fewer than two have an interval of some width.
    """
    wide = [one for one in estimates if one.upper > one.lower]
    if len(wide) < 2:
        return None
    values, lower, upper, level = np.array([(one.value, one.lower, one.upper, one.level) for one in wide]).T
    scores = values / (upper - lower) * 2.0 * stats.norm.ppf((1.0 + level) / 2.0)
    return CurveStatistics(
        median=float(np.median([one.value for one in estimates])),
        share=float(np.mean(lower > 0.0)),
        average_z=float(np.sum(scores) / np.sqrt(len(wide))),
    )


def resampled_p_values(observed: CurveStatistics, drawn: Sequence[CurveStatistics]) -> CurveStatistics:
    """One-sided p-value of each statistic: (1 + draws at or above the observed) / (1 + draws).

    Notes
    -----
    Simonsohn, Simmons and Nelson (2020), "Specification curve analysis", Nature Human Behaviour 4: the same curve is
    measured on data in which the null is true, so that the dependence of the alternatives is that of the data.
    """
    values = np.array([astuple(one) for one in drawn]).reshape(-1, 3)
    beyond = (values >= np.array(astuple(observed))).sum(axis=0)
    median, share, average_z = ((1.0 + beyond) / (1.0 + len(values))).tolist()
    return CurveStatistics(median, share, average_z)
