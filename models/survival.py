"""Waiting times of which some were cut off: the estimator of Kaplan and Meier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from models.estimate import Estimate, NotDecidable

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SurvivalCurve:
    """Share still waiting after each number of sessions.

    Attributes
    ----------
    frame : DataFrame, (K, 5)
        Indexed by the distinct times at which a wait ended; columns "at_risk", "ended", "waiting", "lower", "upper".
    median : Estimate or NotDecidable
        Time by which half have ended; not decidable if the curve, or the limits of its band, stay above one half.
    n : int
    censored : int
        Waits that were cut off.
    level : float
    """

    frame: pd.DataFrame
    median: Estimate | NotDecidable
    n: int
    censored: int
    level: float


def kaplan_meier(waits: Array, ended: NDArray[np.bool_], *, level: float) -> SurvivalCurve | NotDecidable:
    r"""Survival curve of waiting times with censoring.

    Parameters
    ----------
    waits : ndarray, (n,)
        Sessions waited; NaN entries are left out.
    ended : ndarray of bool, (n,)
        False where the wait was cut off.
    level : float
        Of the pointwise band.

    Notes
    -----
    Kaplan and Meier (1958): :math:`\hat S(t) = \prod_{t_k \le t} (1 - d_k / n_k)`; band from Greenwood's variance on
    the scale :math:`\log(-\log S)` (Kalbfleisch and Prentice 1980), the median's limits where the band crosses one
    half (Brookmeyer and Crowley 1982). Where nobody waits any more the upper limit stays where it was.
    """
    known = np.isfinite(waits)
    times, seen = np.asarray(waits)[known], np.asarray(ended)[known]
    if not seen.any():
        return NotDecidable(f"none of {times.size} waits ended within the horizon")
    moments = np.unique(times[seen])
    at_risk = np.array([np.sum(times >= moment) for moment in moments])
    count = np.array([np.sum(times[seen] == moment) for moment in moments])
    waiting = np.cumprod(1.0 - count / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(count / (at_risk * (at_risk - count)))
        reach = stats.norm.ppf(0.5 + level / 2.0) * np.sqrt(greenwood) / np.abs(np.log(waiting))
        lower, upper = waiting ** np.exp(reach), waiting ** np.exp(-reach)
    over = waiting <= 0.0
    lower = np.where(over, 0.0, lower)
    upper = pd.Series(upper).where(~over).ffill().fillna(1.0).to_numpy()
    frame = pd.DataFrame(
        {"at_risk": at_risk, "ended": count, "waiting": waiting, "lower": lower, "upper": upper},
        index=pd.Index(moments, name="sessions"),
    )
    return SurvivalCurve(frame, _median(frame, times.size, level), times.size, int(np.sum(~seen)), level)


def _median(frame: pd.DataFrame, n: int, level: float) -> Estimate | NotDecidable:
    crossings = [frame.index[frame[column] <= 0.5] for column in ("waiting", "lower", "upper")]
    if any(crossing.empty for crossing in crossings):
        return NotDecidable("too few waits ended for the median and its limits")
    value, low, high = (float(crossing[0]) for crossing in crossings)
    return Estimate(value, None, low, high, level, n, "sessions", "median wait; Kaplan and Meier, log-log band")
