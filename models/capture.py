"""How much of another asset's rallies an asset captures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.estimate import Estimate, NotDecidable
from models.inference.resampling import Resampling, bootstrap_p_value, percentile_estimate

Array = NDArray[np.float64]

MINIMUM_RALLIES = 5
"""Separate rallies without which there is no ratio."""


def up_capture(
    asset: pd.Series, reference: pd.Series, *, sessions: int, gain: float, resampling: Resampling
) -> tuple[Estimate, float] | NotDecidable:
    r"""Return of an asset over that of a reference where the latter rallies.

    Parameters
    ----------
    asset, reference : Series, (T,)
        Percent log returns.
    sessions : int
        Length of the stretches that are looked at.
    gain : float
        Simple gain of the reference over a stretch that makes it a rally, percent.
    resampling : Resampling
        Blocks are at least as long as a stretch, whatever its bounds: stretches overlap from day to day.

    Returns
    -------
    (Estimate, float) or NotDecidable
        :math:`\sum_t 1[R_t \ge \log(1 + g)] A_t / \sum_t 1[R_t \ge \log(1 + g)] R_t` with A and R the returns over the
        stretches that end at t, and the p-value that inverts its interval at one. The label depends on the reference
        alone. The denominator is bounded away from zero by the label, so the ratio needs no special interval.
    """
    joint = pd.concat({"asset": asset, "reference": reference}, axis=1).dropna()
    sums = joint.rolling(sessions).sum().dropna()
    rally = (sums["reference"] >= 100.0 * np.log1p(gain / 100.0)).to_numpy()
    separate = _separate(rally, sessions)
    if separate < MINIMUM_RALLIES:
        return NotDecidable(f"only {separate} separate rallies of {gain:g} % in {sessions} sessions")
    products = np.where(rally[:, None], sums.to_numpy(), 0.0)
    value = float(products[:, 0].sum() / products[:, 1].sum())
    long = Resampling(resampling.level, resampling.replications, (sessions, 2 * sessions), resampling.seed)
    totals = np.array([products[index].sum(axis=0) for index in long.indices(products[:, 1])])
    with np.errstate(divide="ignore", invalid="ignore"):
        draws: Array = totals[:, 0] / totals[:, 1]
    estimate = percentile_estimate(
        value,
        draws,
        level=resampling.level,
        n=int(rally.sum()),
        unit="times",
        method=f"ratio of returns over {sessions} sessions in {separate} rallies of {gain:g} %",
    )
    return estimate if isinstance(estimate, NotDecidable) else (estimate, bootstrap_p_value(draws, 1.0))


def _separate(rally: NDArray[np.bool_], sessions: int) -> int:
    """Stretches that rally and do not overlap, counted from the first on."""
    count, free = 0, 0
    for at in np.flatnonzero(rally).tolist():
        if at >= free:
            count, free = count + 1, at + sessions
    return count
