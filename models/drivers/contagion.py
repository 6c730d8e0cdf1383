"""How far correlations must rise because variance rises: the bound of Forbes and Rigobon."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from models.estimate import Estimate, NotDecidable
from models.inference.bootstrap import stationary_indices
from models.inference.resampling import percentile_estimate

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

MINIMUM_STRESS = 10
"""Sessions on either side without which a resample gives no value."""


@njit(cache=True)
def adjusted_correlation(correlation: float, variance_rise: float) -> float:
    r"""Correlation after taking out a rise of the reference's variance.

    Parameters
    ----------
    correlation : float
        Under stress.
    variance_rise : float
        Relative rise d of the reference's variance: zero leaves the correlation as it is.

    Notes
    -----
    Forbes and Rigobon (2002), equation 11: :math:`\rho / \sqrt{1 + d (1 - \rho^2)}`.
    """
    return correlation / np.sqrt(1.0 + variance_rise * (1.0 - correlation**2))


def contagion_bound(
    returns: pd.DataFrame,
    reference: pd.Series,
    stress: pd.Series,
    *,
    block: float,
    level: float,
    replications: int,
    seed: int,
) -> Estimate | NotDecidable:
    """Rise of the mean correlation with a reference, stress minus calm, after the variance adjustment.

    Parameters
    ----------
    returns : DataFrame, (T, N)
    reference : Series, (T,)
        The series on whose variance stress is taken to be selected.
    stress : Series of bool, (T,)
    block : float
        Mean block length in sessions; labels travel with their days.
    level, replications, seed
        Level of the interval, resamples, seed.

    Returns
    -------
    Estimate or NotDecidable
        A lower bound: the adjustment takes out too much when other variances rise too (Corsetti, Pericoli and
        Sbracia 2005), and does not hold under common shocks.
    """
    rows = np.column_stack([reference.to_numpy(dtype=float), returns.to_numpy(dtype=float)])
    label = stress.to_numpy(dtype=np.int64)
    days = int(label.sum())
    if min(days, label.size - days) < MINIMUM_STRESS:
        return NotDecidable(f"{days} of {label.size} sessions are in stress")
    value = _adjusted_rises(rows, label, np.arange(label.size)[None, :])[0]
    draws = _adjusted_rises(rows, label, stationary_indices((label.size,), block, replications, seed))
    return percentile_estimate(
        value,
        draws,
        level=level,
        n=label.size,
        unit="",
        method="mean correlation with the reference, adjusted for its variance (Forbes and Rigobon 2002)",
    )


@njit(cache=True)
def _adjusted_rises(rows: Array, label: Codes, indices: Codes) -> Array:
    """Adjusted rise on each resample; column 0 is the reference."""
    columns = rows.shape[1]
    rises = np.full(indices.shape[0], np.nan)
    for draw in range(indices.shape[0]):
        count = np.zeros(2)
        mean = np.zeros((2, columns))
        for t in indices[draw]:
            count[label[t]] += 1.0
            mean[label[t]] += rows[t]
        if min(count[0], count[1]) < MINIMUM_STRESS:
            continue
        mean[0] /= count[0]
        mean[1] /= count[1]
        square = np.zeros((2, columns))
        cross = np.zeros((2, columns))
        for t in indices[draw]:
            g = label[t]
            lead = rows[t, 0] - mean[g, 0]
            for j in range(columns):
                own = rows[t, j] - mean[g, j]
                square[g, j] += own * own
                cross[g, j] += lead * own
        if square[0].min() <= 0.0 or square[1].min() <= 0.0:
            continue
        excess = (square[1, 0] / count[1]) / (square[0, 0] / count[0]) - 1.0
        total = 0.0
        for j in range(1, columns):
            calm = cross[0, j] / np.sqrt(square[0, 0] * square[0, j])
            stressed = cross[1, j] / np.sqrt(square[1, 0] * square[1, j])
            total += adjusted_correlation(stressed, excess) - calm
        rises[draw] = total / (columns - 1)
    return rises
