"""How much of another asset's rallies an asset captures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.estimate import Estimate, NotDecidable
from models.inference.hac import cosine_degrees_of_freedom, cosine_long_run_variance
from models.inference.intervals import student_estimate, student_p_value

Array = NDArray[np.float64]

MINIMUM_RALLIES = 5
"""Separate rallies without which there is no ratio."""


def up_capture(
    asset: pd.Series, reference: pd.Series, *, sessions: int, gain: float, level: float
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
    level : float
        Coverage of the interval.

    Returns
    -------
    (Estimate, float) or NotDecidable
        :math:`\sum_t 1[R_t \ge \log(1 + g)] A_t / \sum_t 1[R_t \ge \log(1 + g)] R_t` with A and R the returns over the
        stretches that end at t, and the p-value that inverts its interval at one. The label depends on the reference
        alone and bounds the denominator away from zero.

    Notes
    -----
    Student-t interval from the long-run variance of each stretch's influence,
    :math:`1[\cdot](A_t - \theta R_t) / \overline{1[\cdot] R}`. Stretches overlap from day to day, so that no more
    cosines are averaged than the sample holds pairs of stretches (Lazarus, Lewis, Stock and Watson 2018).
    """
    joint = pd.concat({"asset": asset, "reference": reference}, axis=1).dropna()
    sums = joint.rolling(sessions).sum().dropna()
    rally = (sums["reference"] >= 100.0 * np.log1p(gain / 100.0)).to_numpy()
    separate = _separate(rally, sessions)
    if separate < MINIMUM_RALLIES:
        return NotDecidable(f"only {separate} separate rallies of {gain:g} % in {sessions} sessions")
    moves = np.where(rally[:, None], sums.to_numpy(), 0.0)
    value = float(moves[:, 0].sum() / moves[:, 1].sum())
    influence = (moves[:, 0] - value * moves[:, 1]) / moves[:, 1].mean()
    frequencies = max(min(cosine_degrees_of_freedom(rally.size), rally.size // (2 * sessions)), 1)
    variance = cosine_long_run_variance(influence[:, None], frequencies)
    std_error = float(np.sqrt(variance.value[0, 0] / rally.size))
    estimate = student_estimate(
        value,
        std_error,
        frequencies,
        level=level,
        n=int(rally.sum()),
        unit="times",
        method=f"ratio of returns over {sessions} sessions in {separate} rallies of {gain:g} %, cosine HAC interval",
    )
    return estimate, student_p_value(value - 1.0, std_error, frequencies) if std_error > 0.0 else float(value == 1.0)


def _separate(rally: NDArray[np.bool_], sessions: int) -> int:
    """Stretches that rally and do not overlap, counted from the first on."""
    count, free = 0, 0
    for at in np.flatnonzero(rally).tolist():
        if at >= free:
            count, free = count + 1, at + sessions
    return count
