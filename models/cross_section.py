"""Day by day across assets: does volatility explain returns beyond market exposure? (Fama and MacBeth 1973)"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import EstimationError
from models.estimate import Estimate, NotDecidable
from models.inference.bootstrap import studentised_interval
from models.inference.intervals import student_estimate

Array = NDArray[np.float64]

#: Assets beyond the number of coefficients that a day's cross-section needs.
SPARE_ASSETS = 3
#: Fewer stretches than this give no error of their mean.
MINIMUM_STRETCHES = 3


def volatility_slopes(returns: pd.DataFrame, deviations: pd.DataFrame, betas: pd.DataFrame) -> pd.Series:
    r"""Slope of scaled returns on the rank of volatility, given scaled betas, one cross-section a day.

    :math:`r_{it}/\sigma_{it} = c_t + g_{1t}\,\beta_{it}/\sigma_{it} + g_{2t}\,rank(\sigma_{it}) + e_{it}`.

    Parameters
    ----------
    returns : DataFrame, (D, N)
        Percent returns of N assets on D days.
    deviations, betas : DataFrame, (D, N)
        Standard deviation and market beta of each asset, known before the day.

    Returns
    -------
    Series, (D,)
        g_2t: standard deviations of return between the calmest (rank 0) and the most volatile asset (rank 1).

    Raises
    ------
    EstimationError
        If there are fewer than six assets, or no day.

    Notes
    -----
    Fama and MacBeth (1973), "Risk, return, and equilibrium: empirical tests".
    """
    days, assets = returns.shape
    if assets < 3 + SPARE_ASSETS or not days:
        raise EstimationError(
            "cross-section", f"{assets} assets on {days} days", f"Use at least {3 + SPARE_ASSETS} assets and one day."
        )
    sigma = deviations.to_numpy()
    rank = sigma.argsort(axis=1).argsort(axis=1) / (assets - 1.0)
    design = np.stack([np.ones((days, assets)), betas.to_numpy() / sigma, rank], axis=2)
    gram = design.transpose(0, 2, 1) @ design
    moments = design.transpose(0, 2, 1) @ (returns.to_numpy() / sigma)[:, :, None]
    return pd.Series(np.linalg.solve(gram, moments)[:, 2, 0], index=returns.index, name="slope")


def stretch_numbers(labels: pd.Series) -> pd.Series:
    """Number of the stretch of True that each labelled session belongs to, on the labelled sessions only."""
    numbers = (labels & ~labels.shift(1, fill_value=False)).cumsum()
    return numbers[labels]


def mean_over_stretches(values: pd.Series, stretches: pd.Series, *, level: float, unit: str) -> Estimate | NotDecidable:
    """Mean of `values` with an error that counts each stretch as one observation.

    Parameters
    ----------
    values : Series, (D,)
    stretches : Series of int, (D,)
        The stretch of each value; values of one stretch may depend on each other in any way.
    level, unit
        For the record.

    Returns
    -------
    Estimate or NotDecidable
        Cluster-robust standard error, Student-t with one degree of freedom less than stretches.
    """
    sums, counts = _by_stretch(values, stretches)
    if sums.size < MINIMUM_STRETCHES:
        return NotDecidable(f"only {sums.size} separate stretches")
    value, error = _mean_and_error(sums[None, :], counts[None, :])
    return student_estimate(
        float(value[0]),
        float(error[0]),
        sums.size - 1,
        level=level,
        n=int(counts.sum()),
        unit=unit,
        method=f"mean over days, error by {sums.size} stretches",
    )


def mean_by_stretch_bootstrap(
    values: pd.Series, stretches: pd.Series, *, level: float, replications: int, seed: int, unit: str
) -> tuple[Estimate, float] | NotDecidable:
    """The same mean with a studentised interval that resamples whole stretches, and the p-value that inverts it.

    Notes
    -----
    Cameron, Gelbach and Miller (2008), "Bootstrap-based improvements for inference with clustered errors", pairs
    cluster bootstrap-t.
    """
    sums, counts = _by_stretch(values, stretches)
    if sums.size < MINIMUM_STRETCHES:
        return NotDecidable(f"only {sums.size} separate stretches")
    value, error = (float(one[0]) for one in _mean_and_error(sums[None, :], counts[None, :]))
    if not error > 0.0:
        return NotDecidable("the stretches do not differ")
    drawn = np.random.default_rng(seed).integers(0, sums.size, size=(replications, sums.size))
    draws, errors = _mean_and_error(sums[drawn], counts[drawn])
    return studentised_interval(
        value,
        error,
        draws,
        errors,
        level=level,
        n=int(counts.sum()),
        unit=unit,
        method=f"mean over days; studentised bootstrap of {sums.size} stretches, {replications} resamples",
    )


def _by_stretch(values: pd.Series, stretches: pd.Series) -> tuple[Array, Array]:
    grouped = values.groupby(stretches.loc[values.index].to_numpy())
    return np.asarray(grouped.sum(), dtype=np.float64), np.asarray(grouped.count(), dtype=np.float64)


def _mean_and_error(sums: Array, counts: Array) -> tuple[Array, Array]:
    """Mean over days and its cluster-robust error, for each row of stretches, (B,)."""
    total, size = counts.sum(axis=1), counts.shape[1]
    mean = sums.sum(axis=1) / total
    residuals = sums - mean[:, None] * counts
    return mean, math.sqrt(size / (size - 1.0)) * np.sqrt(np.sum(residuals**2, axis=1)) / total
