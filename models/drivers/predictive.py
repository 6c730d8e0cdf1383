"""Does it predict: long-horizon regressions, persistent predictors, out-of-sample accuracy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import stats

from models.estimate import Estimate, NotDecidable, TestResult
from models.inference.bootstrap import block_length, stationary_indices
from models.inference.hac import cosine_long_run_variance
from models.inference.intervals import normal_estimate, student_estimate

Array = NDArray[np.float64]

MINIMUM_HORIZONS = 10
"""A regression over h sessions needs at least this many non-overlapping stretches."""
MINIMUM_EVENTS = 5
"""A yes-or-no predictor needs at least this many sessions on either side."""


@dataclass(frozen=True)
class PredictiveRegression:
    """Slope of future cumulative returns on a predictor.

    Attributes
    ----------
    slope : Estimate
        Change of the cumulative return over the horizon for one unit of the predictor; overlapping sums.
    test : TestResult
        Of no predictability.
    non_overlapping : Estimate or NotDecidable
        The same slope from every horizon-th session alone: the check that overlap creates nothing.
    """

    slope: Estimate
    test: TestResult
    non_overlapping: Estimate | NotDecidable


@dataclass(frozen=True)
class OutOfSample:
    """Expanding-window forecasts against the running mean.

    Attributes
    ----------
    r_squared : float
        One minus the ratio of squared forecast errors (Campbell and Thompson 2008, equation 1).
    test : TestResult
        One-sided, of equal accuracy in population.
    """

    r_squared: float
    test: TestResult


def long_horizon_regression(
    returns: Array, predictor: Array, horizon: int, *, level: float, unit: str = "%"
) -> PredictiveRegression | NotDecidable:
    r"""Regress the return over the next `horizon` sessions on a predictor known before it.

    Parameters
    ----------
    returns : ndarray, (T,)
        One-session returns.
    predictor : ndarray, (T,)
        Known at the close of each session; predicts what comes after it. May be zero-one.
    horizon : int
    level : float
    unit : str
        Unit of the slope.

    Returns
    -------
    PredictiveRegression or NotDecidable

    Notes
    -----
    Hodrick (1992), "Dividend yields and expected stock returns", equation 8 (standard error 1B): under no
    predictability the moment :math:`\sum_{i=1}^{h} r_{t+i} x_t` has the variance of
    :math:`r_{t+1} \sum_{i=0}^{h-1} x_{t-i}`, so overlap needs no estimate of autocovariances.
    """
    refusal = _unusable(returns, predictor, horizon)
    if refusal is not None:
        return refusal
    observations = returns.size
    sums = np.cumsum(np.concatenate([[0.0], returns]))
    future = sums[1 + horizon :] - sums[1:-horizon]
    regressors = np.column_stack([np.ones(observations), predictor])
    used = regressors[: observations - horizon]
    slopes, *_ = np.linalg.lstsq(used, future, rcond=None)
    running = np.cumsum(np.vstack([np.zeros(2), regressors]), axis=0)
    summed = running[horizon:observations] - running[: observations - horizon]
    moments = summed * (returns[horizon:] - returns.mean())[:, None]
    inverse = np.linalg.inv(used.T @ used)
    covariance = inverse @ (moments.T @ moments) @ inverse
    error = math.sqrt(float(covariance[1, 1]))
    value = float(slopes[1])
    method = f"return over {horizon} sessions on the predictor; Hodrick (1992) standard error 1B"
    return PredictiveRegression(
        slope=normal_estimate(value, error, level=level, n=used.shape[0], unit=unit, method=method),
        test=TestResult(
            value / error,
            float(2.0 * stats.norm.sf(abs(value) / error)),
            "the predictor tells nothing of future returns",
            "standard normal",
            used.shape[0],
            "Hodrick (1992) 1B",
        ),
        non_overlapping=_non_overlapping(future, predictor[: observations - horizon], horizon, level, unit),
    )


def resampled_gaps(
    returns: Array, condition: Array, horizon: int, *, replications: int, longest_block: int, seed: int
) -> Array:
    """Resamples of the mean return over the next `horizon` sessions where a condition holds, minus elsewhere.

    Parameters
    ----------
    returns : ndarray, (T,)
    condition : ndarray, (T,)
        Zero or one; both occur among the first T - `horizon`.
    horizon : int
        Also the shortest mean block: returns over shorter stretches overlap.
    replications : int
    longest_block : int
        Cap of the mean block length in sessions, where it exceeds `horizon`.
    seed : int

    Returns
    -------
    ndarray, (B,)
        Stationary bootstrap of the pairs of future return and condition; resamples in which the condition never or
        always holds are left out.
    """
    sums = np.cumsum(np.concatenate([[0.0], returns]))
    future, held = sums[1 + horizon :] - sums[1:-horizon], condition[: returns.size - horizon]
    share = float(held.mean())
    influence = np.where(held > 0.0, (future - future[held > 0.0].mean()) / share, 0.0) - np.where(
        held > 0.0, 0.0, (future - future[held <= 0.0].mean()) / (1.0 - share)
    )
    block = block_length(influence, floor=horizon, cap=max(horizon, longest_block))
    rows = stationary_indices((future.size,), block, replications, seed)
    drawn, counts = held[rows], held[rows].sum(axis=1)
    values = future[rows]
    usable = (counts > 0.0) & (counts < future.size)
    with_condition = (values * drawn).sum(axis=1)[usable]
    without = values.sum(axis=1)[usable] - with_condition
    return np.asarray(with_condition / counts[usable] - without / (future.size - counts[usable]))


def bias_corrected_slope(returns: Array, predictor: Array, *, level: float, unit: str = "%") -> Estimate | NotDecidable:
    r"""Slope of the next return on a persistent predictor, corrected for the bias of Stambaugh.

    Parameters
    ----------
    returns : ndarray, (T,)
        Over the same spacing as the predictor: use non-overlapping spans for a horizon.
    predictor : ndarray, (T,)
        An AR(1) in good approximation.

    Notes
    -----
    Stambaugh (1999): the slope is biased by :math:`-\phi (1 + 3\rho)/n`, where :math:`\phi` is the slope of return
    shocks on predictor shocks. Estimated as Amihud and Hurvich (2004), equations 3 to 8, with
    :math:`\hat\rho^c = \hat\rho + (1 + 3\hat\rho)/n + 3(1 + 3\hat\rho)/n^2`; the corrected shocks enter the return
    equation and give the slope and its standard error.
    """
    refusal = _unusable(returns, predictor, 1)
    if refusal is not None:
        return refusal
    n = returns.size - 1
    lagged = np.column_stack([np.ones(n), predictor[:-1]])
    ar, *_ = np.linalg.lstsq(lagged, predictor[1:], rcond=None)
    errors = predictor[1:] - lagged @ ar
    rho = float(ar[1])
    spread = float(np.sum((predictor[:-1] - predictor[:-1].mean()) ** 2))
    rho_error = math.sqrt(float(errors @ errors) / (n - 2) / spread)
    corrected = min(rho + (1.0 + 3.0 * rho) / n + 3.0 * (1.0 + 3.0 * rho) / n**2, 0.9999)
    shocks = predictor[1:] - corrected * predictor[:-1]
    augmented = np.column_stack([lagged, shocks - shocks.mean()])
    coefficients, *_ = np.linalg.lstsq(augmented, returns[1:], rcond=None)
    residuals = returns[1:] - augmented @ coefficients
    covariance = float(residuals @ residuals) / (n - 3) * np.linalg.inv(augmented.T @ augmented)
    inflation = 1.0 + 3.0 / n + 9.0 / n**2
    error = math.hypot(float(coefficients[2]) * inflation * rho_error, math.sqrt(float(covariance[1, 1])))
    return student_estimate(
        coefficients[1],
        error,
        n - 3,
        level=level,
        n=n,
        unit=unit,
        method="slope on a persistent predictor, corrected for its bias (Stambaugh 1999; Amihud and Hurvich 2004)",
    )


def clark_west(dependent: Array, regressors: Array, *, first: int, horizon: int = 1) -> OutOfSample | NotDecidable:
    r"""Do the regressors forecast better than the running mean?

    Parameters
    ----------
    dependent : ndarray, (T,)
        `dependent[t]` is realised at t.
    regressors : ndarray, (T, K)
        Row t is known `horizon` sessions before `dependent[t]`; without a constant.
    first : int
        Observations before the first forecast.
    horizon : int
        Sessions over which `dependent[t]` is cumulated: forecasts of t use rows up to t - horizon only.

    Returns
    -------
    OutOfSample or NotDecidable

    Notes
    -----
    Clark and West (2007), equation 3.1: mean of
    :math:`f_t = (y_t - \bar y_t)^2 - [(y_t - \hat y_t)^2 - (\bar y_t - \hat y_t)^2]`, whose second term takes out the
    noise that estimated zero slopes add; one-sided, equal-weighted cosine HAC where horizons overlap.
    """
    usable = dependent.size - first
    if first <= regressors.shape[1] + horizon + 1 or usable < MINIMUM_HORIZONS * horizon:
        return NotDecidable(f"{dependent.size} observations leave too few forecasts after the first {first}")
    means, forecasts = _expanding_forecasts(
        np.ascontiguousarray(dependent), np.ascontiguousarray(regressors), first, horizon
    )
    if not np.isfinite(forecasts).all():
        return NotDecidable("the regressors are constant or collinear before the first forecast")
    realised = dependent[first:]
    adjusted = (realised - means) ** 2 - ((realised - forecasts) ** 2 - (means - forecasts) ** 2)
    centred = (adjusted - adjusted.mean())[:, None]
    if horizon == 1:
        variance, reference = float(np.mean(centred**2)), stats.norm()
    else:
        long_run = cosine_long_run_variance(centred)
        variance, reference = float(long_run.value[0, 0]), stats.t(long_run.degrees_of_freedom)
    if variance <= 0.0:
        return NotDecidable("both forecasts are the same")
    statistic = float(adjusted.mean() / math.sqrt(variance / usable))
    return OutOfSample(
        r_squared=1.0 - float(np.sum((realised - forecasts) ** 2) / np.sum((realised - means) ** 2)),
        test=TestResult(
            statistic,
            float(reference.sf(statistic)),
            "the regressors forecast no better than the running mean",
            "standard normal, one-sided" if horizon == 1 else "Student t, one-sided, equal-weighted cosine HAC",
            usable,
            "Clark and West (2007)",
        ),
    )


@njit(cache=True)
def _expanding_forecasts(dependent: Array, regressors: Array, first: int, horizon: int) -> tuple[Array, Array]:
    """Running means and expanding least-squares forecasts of dependent[first:], each from rows up to t - horizon."""
    observations, k = regressors.shape
    size = k + 1
    gram, cross = np.zeros((size, size)), np.zeros(size)
    means, forecasts = np.empty(observations - first), np.empty(observations - first)
    row = np.ones(size)
    seen, total = 0, 0.0
    for t in range(first, observations):
        while seen <= t - horizon:
            row[1:] = regressors[seen]
            for i in range(size):
                cross[i] += row[i] * dependent[seen]
                for j in range(size):
                    gram[i, j] += row[i] * row[j]
            total += dependent[seen]
            seen += 1
        means[t - first] = total / seen
        if np.linalg.cond(gram) > 1e14:
            forecasts[t - first] = np.nan
            continue
        row[1:] = regressors[t]
        forecasts[t - first] = np.dot(row, np.linalg.solve(gram, cross))
    return means, forecasts


def _non_overlapping(future: Array, predictor: Array, horizon: int, level: float, unit: str) -> Estimate | NotDecidable:
    y, x = future[::horizon], predictor[::horizon]
    centred = x - x.mean()
    spread = float(centred @ centred)
    if spread <= 0.0 or _too_few_on_a_side(x):
        return NotDecidable("the predictor hardly changes on non-overlapping sessions")
    slope = float(centred @ y) / spread
    residuals = y - y.mean() - slope * centred
    error = math.sqrt(float(np.sum((centred * residuals) ** 2)) * y.size / (y.size - 2)) / spread
    return student_estimate(
        slope,
        error,
        y.size - 2,
        level=level,
        n=y.size,
        unit=unit,
        method=f"every {horizon}th session; heteroskedasticity-robust (HC1)",
    )


def _unusable(returns: Array, predictor: Array, horizon: int) -> NotDecidable | None:
    if returns.size < MINIMUM_HORIZONS * horizon + 2:
        return NotDecidable(f"{returns.size} sessions hold fewer than {MINIMUM_HORIZONS} stretches of {horizon}")
    if np.ptp(returns) <= 0.0:
        return NotDecidable("the returns do not change")
    used = predictor[: predictor.size - horizon]
    if np.ptp(used) <= 0.0:
        return NotDecidable("the predictor does not change")
    if _too_few_on_a_side(used):
        return NotDecidable(f"the condition holds, or fails, on fewer than {MINIMUM_EVENTS} sessions")
    return None


def _too_few_on_a_side(predictor: Array) -> bool:
    kinds, counts = np.unique(predictor, return_counts=True)
    return kinds.size == 2 and int(counts.min()) < MINIMUM_EVENTS
