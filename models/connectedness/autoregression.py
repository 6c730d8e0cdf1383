"""Vector autoregression by least squares: kernels and the choice of its order."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from models.estimate import NotDecidable

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

MAXIMUM_LAGS = 10
MINIMUM_ROWS_PER_COEFFICIENT = 5


@njit(cache=True)
def fit_autoregression(y: Array, lags: int) -> tuple[Array, Array]:
    """Least squares of a VAR.

    Parameters
    ----------
    y : ndarray, (T, N)
    lags : int

    Returns
    -------
    coefficients : ndarray, (1 + N lags, N)
        Column i belongs to equation i; the constant first, then all variables at lag 1, lag 2, …; NaN if singular.
    residuals : ndarray, (T - lags, N)
    """
    observations, width = y.shape[0] - lags, y.shape[1]
    design = np.ones((observations, 1 + width * lags))
    for lag in range(1, lags + 1):
        design[:, 1 + (lag - 1) * width : 1 + lag * width] = y[lags - lag : lags - lag + observations]
    target = np.ascontiguousarray(y[lags:])
    gram = design.T @ design
    scale = np.sqrt(np.diag(gram))
    scaled = gram / np.outer(scale, scale)
    if not scale.min() > 0.0 or not np.linalg.cond(scaled) < 1e12:
        return np.full((1 + width * lags, width), np.nan), target
    coefficients = np.linalg.solve(gram, design.T @ target)
    return coefficients, target - design @ coefficients


@njit(cache=True)
def moving_average(coefficients: Array, horizon: int) -> Array:
    """Responses A_0, …, A_{horizon-1} to a unit shock, (horizon, N, N): A_h = sum_i Phi_i A_{h-i}, A_0 = I."""
    width = coefficients.shape[1]
    lags = (coefficients.shape[0] - 1) // width
    responses = np.zeros((horizon, width, width))
    responses[0] = np.eye(width)
    for h in range(1, horizon):
        for lag in range(1, min(lags, h) + 1):
            slopes = np.ascontiguousarray(coefficients[1 + (lag - 1) * width : 1 + lag * width].T)
            responses[h] += slopes @ responses[h - lag]
    return responses


@njit(cache=True)
def generate(start: Array, coefficients: Array, shocks: Array) -> Array:
    """Path of a VAR that begins with the rows `start` (lags, N) and is hit by `shocks` (n, N): (lags + n, N)."""
    lags, width = start.shape
    path = np.empty((lags + shocks.shape[0], width))
    path[:lags] = start
    for t in range(lags, path.shape[0]):
        for i in range(width):
            value = coefficients[0, i] + shocks[t - lags, i]
            for lag in range(1, lags + 1):
                for j in range(width):
                    value += coefficients[1 + (lag - 1) * width + j, i] * path[t - lag, j]
            path[t, i] = value
    return path


def choose_lags(y: Array, *, maximum: int = MAXIMUM_LAGS) -> int:
    r"""Order of a VAR by BIC, from 1 to `maximum`, every order on the same rows.

    Notes
    -----
    :math:`\log\det\hat\Sigma_p + \log(n)\, p N^2 / n` (Luetkepohl 2005, equation 4.3.9).
    """
    width = y.shape[1]
    criteria = []
    for lags in range(1, maximum + 1):
        _, residuals = fit_autoregression(np.ascontiguousarray(y[maximum - lags :]), lags)
        n = residuals.shape[0]
        criteria.append(np.linalg.slogdet(residuals.T @ residuals / n)[1] + np.log(n) * lags * width**2 / n)
    return int(np.argmin(criteria)) + 1


def usable_rows(frame: pd.DataFrame, lags: int) -> Array | NotDecidable:
    """Complete rows of a frame as an array, or why no VAR of this order can be fitted to them."""
    y = np.ascontiguousarray(frame.dropna().to_numpy(dtype=np.float64))
    needed = MINIMUM_ROWS_PER_COEFFICIENT * (1 + lags * frame.shape[1])
    if frame.shape[1] < 2:
        return NotDecidable("connectedness needs at least two series")
    if y.shape[0] - lags < needed:
        return NotDecidable(f"{y.shape[0]} complete sessions are too few for {lags} lags of {frame.shape[1]} series")
    flat = [str(name) for name, spread in zip(frame.columns, np.ptp(y, axis=0), strict=True) if spread <= 0.0]
    if flat:
        return NotDecidable(f"{', '.join(flat)} does not change")
    if not np.isfinite(fit_autoregression(y, lags)[0]).all():
        return NotDecidable("the series are collinear")
    return y


def size_of_shocks(y: Array, lags: int) -> Array:
    """Mean squared standardised residual (T - lags,): its dependence sets the block length."""
    residuals = fit_autoregression(y, lags)[1]
    return np.asarray(np.mean((residuals / residuals.std(axis=0)) ** 2, axis=1), dtype=np.float64)
