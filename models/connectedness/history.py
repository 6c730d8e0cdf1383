"""Historical decomposition: which shocks of a window made a variable's cumulative move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from models.connectedness.autoregression import (
    choose_lags,
    fit_autoregression,
    generate,
    moving_average,
    size_of_shocks,
    usable_rows,
)
from models.estimate import Estimate, NotDecidable
from models.inference.resampling import Resampling, percentile_estimate

Array = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class WindowDecomposition:
    """A window's move by the shocks that made it.

    Attributes
    ----------
    move : float
        Cumulative change of the target over the window.
    contributions : mapping of str to (Estimate or NotDecidable)
        Due to the shocks of each variable, in the order of identification, and last "expected": what the VAR
        foresaw at the close before. The values sum to `move`.
    order : tuple of str
        Variables from first to last: a shock moves those after it on the same session, not those before it.
    lags, sessions, n : int
        Order of the VAR, sessions of the window and of the estimation before it.
    """

    move: float
    contributions: Mapping[str, Estimate | NotDecidable]
    order: tuple[str, ...]
    lags: int
    sessions: int
    n: int


@njit(cache=True)
def _contributions(before: Array, window: Array, coefficients: Array, covariance: Array, target: int) -> Array:
    """Cumulative move of `target` due to each orthogonalised shock of the window, then the expected part: (N + 1,)."""
    lags = before.shape[0]
    sessions, width = window.shape
    root = np.linalg.cholesky(covariance)
    responses = moving_average(coefficients, sessions)
    expected = generate(before, coefficients, np.zeros((sessions, width)))[lags:]
    parts = np.zeros(width + 1)
    path = np.concatenate((before, window))
    for s in range(sessions):
        shock = window[s] - generate(path[s : s + lags], coefficients, np.zeros((1, width)))[lags]
        orthogonal = np.linalg.solve(root, shock)
        for h in range(sessions - s):
            parts[:width] += (np.ascontiguousarray(responses[h, target]) @ root) * orthogonal
    parts[width] = expected[:, target].sum()
    return parts


@njit(cache=True)
def _contribution_draws(y: Array, lags: int, window: Array, target: int, indices: Codes) -> Array:
    coefficients, residuals = fit_autoregression(y, lags)
    before = y[y.shape[0] - lags :]
    draws = np.empty((indices.shape[0], y.shape[1] + 1))
    for draw in range(indices.shape[0]):
        path = generate(y[:lags], coefficients, residuals[indices[draw]])
        drawn, errors = fit_autoregression(path, lags)
        draws[draw] = _contributions(before, window, drawn, errors.T @ errors / errors.shape[0], target)
    return draws


def decompose_window(
    frame: pd.DataFrame,
    target: str,
    window: pd.DatetimeIndex,
    resampling: Resampling,
    *,
    lags: int | None = None,
) -> WindowDecomposition | NotDecidable:
    r"""Split a window's cumulative move of one variable among the shocks of all.

    Parameters
    ----------
    frame : DataFrame, (T, N)
        Percent returns; the order of the columns identifies the shocks (recursive, Cholesky).
    target : str
    window : DatetimeIndex
        Consecutive sessions; the VAR is fitted to what stands before them.
    resampling : Resampling
    lags : int, optional
        By BIC without it.

    Notes
    -----
    Luetkepohl (2005), section 2.3 and Burbidge and Harrison (1985): with :math:`u_t = P w_t`, :math:`PP' = \Sigma`,
    :math:`\sum_{t \in W} y_t = \sum_{t \in W} E_{W_0 - 1}[y_t] + \sum_j \sum_{s \in W} \sum_{h} e' A_h P e_j w_{j,s}`.
    The window's data are held fixed; only the VAR's parameters are resampled.
    """
    complete = frame.dropna()
    inside = complete[complete.index.isin(window)]
    if inside.empty:
        return NotDecidable("the window has no session on which every series has a value")
    earlier = complete[complete.index < inside.index[0]]
    y = usable_rows(earlier, 1 if lags is None else lags)
    if isinstance(y, NotDecidable):
        return y
    order = choose_lags(y) if lags is None else lags
    names = [str(name) for name in frame.columns]
    rows = np.ascontiguousarray(inside.to_numpy(dtype=np.float64))
    at = names.index(target)
    coefficients, residuals = fit_autoregression(y, order)
    covariance = residuals.T @ residuals / residuals.shape[0]
    value = _contributions(y[-order:], rows, coefficients, covariance, at)
    draws = _contribution_draws(y, order, rows, at, resampling.indices(size_of_shocks(y, order)))
    return WindowDecomposition(
        move=float(rows[:, at].sum()),
        contributions={
            name: percentile_estimate(
                float(value[j]),
                draws[:, j],
                level=resampling.level,
                n=y.shape[0],
                unit="%",
                method=f"historical decomposition of {target}, recursive order, VAR({order})",
            )
            for j, name in enumerate([*names, "expected"])
        },
        order=tuple(names),
        lags=order,
        sessions=len(inside),
        n=y.shape[0],
    )
