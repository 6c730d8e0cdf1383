"""How often did several series fall far together? Episodes in the past, counted without overlap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from data.errors import EstimationError
from models.estimate import Estimate, NotDecidable
from models.inference.resampling import Resampling, percentile_estimate

SESSIONS_A_YEAR = 252


@dataclass(frozen=True)
class JointEpisodes:
    """Episodes in which every series fell by its size within a horizon.

    Attributes
    ----------
    sums : DataFrame, (E, N)
        Simple return in percent of each series over the horizon, dated at the session that completed the episode.
    years : float
        Length of the sample.
    rate : Estimate
        Episodes a year, exact Poisson interval.
    ratio : Estimate or NotDecidable
        Share of all stretches of that length with a joint fall over the product of the single shares.
    """

    sums: pd.DataFrame
    years: float
    rate: Estimate
    ratio: Estimate | NotDecidable

    @property
    def return_period(self) -> Estimate:
        """Years between two episodes; without any, the sample's length stands for the value and the upper limit."""
        rate, count = self.rate, len(self.sums)
        method = f"years for each of {count} episodes, exact Poisson interval"
        if not count:
            method = "no episode in the sample: its length stands for the value and the upper limit"
        return Estimate(
            1.0 / rate.value if count else self.years,
            None,
            1.0 / rate.upper,
            1.0 / rate.lower if count else self.years,
            rate.level,
            rate.n,
            "years",
            method,
        )


def joint_episodes(
    returns: pd.DataFrame, falls: Mapping[str, float], horizon: int, resampling: Resampling
) -> JointEpisodes:
    """Count joint falls.

    Parameters
    ----------
    returns : DataFrame, (T, N)
        Percent log returns without missing values.
    falls : mapping of name to float
        Simple return in percent that each series must reach or fall below over the horizon.
    horizon : int
        Sessions.
    resampling : Resampling

    Returns
    -------
    JointEpisodes

    Raises
    ------
    EstimationError
        If there are fewer sessions than the horizon.

    Notes
    -----
    An episode is counted on the first session on which the sums of the last `horizon` returns all reach their sizes;
    the next may begin only after it, so that no return counts twice. Episodes may begin on any session, as the event
    that one looks at did; a fixed grid of stretches finds fewer.
    """
    chosen = returns[list(falls)]
    if len(chosen) < horizon:
        raise EstimationError("joint falls", f"{len(chosen)} sessions are fewer than {horizon}", "Use a longer sample.")
    sums = chosen.rolling(horizon).sum().dropna()
    sizes = np.array([100.0 * np.log1p(fall / 100.0) for fall in falls.values()])
    fallen = (sums.to_numpy() <= sizes).astype(np.float64)
    ends = _without_overlap(fallen.prod(axis=1), horizon)
    years, count = len(chosen) / SESSIONS_A_YEAR, len(ends)
    tail = (1.0 - resampling.level) / 2.0
    rate = Estimate(
        count / years,
        None,
        float(stats.chi2.ppf(tail, 2 * count)) / 2.0 / years if count else 0.0,
        float(stats.chi2.ppf(1.0 - tail, 2 * count + 2)) / 2.0 / years,
        resampling.level,
        len(chosen),
        "a year",
        f"episodes of {horizon} sessions without overlap, exact Poisson interval",
    )
    simple = 100.0 * (sums.iloc[ends] / 100.0).apply(np.expm1)
    return JointEpisodes(simple, years, rate, _ratio(fallen, horizon, resampling))


def _without_overlap(fallen: NDArray[np.float64], horizon: int) -> list[int]:
    """Positions of the falls that are counted."""
    ends: list[int] = []
    for at in np.flatnonzero(fallen).tolist():
        if not ends or at - ends[-1] >= horizon:
            ends.append(at)
    return ends


def _ratio(fallen: NDArray[np.float64], horizon: int, resampling: Resampling) -> Estimate | NotDecidable:
    joint = fallen.prod(axis=1)
    if joint.sum() < horizon:
        return NotDecidable(f"only {int(joint.sum())} stretches of {horizon} sessions hold a joint fall")
    indices = resampling.indices(joint - joint.mean())
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = joint[indices].mean(axis=1) / fallen[indices].mean(axis=1).prod(axis=1)
    return percentile_estimate(
        float(joint.mean() / fallen.mean(axis=0).prod()),
        draws,
        level=resampling.level,
        n=len(joint),
        unit="times",
        method=f"share of overlapping stretches of {horizon} sessions over the product of the single shares",
    )
