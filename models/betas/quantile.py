"""Quantile regression with a block bootstrap of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from data.errors import EstimationError
from models.betas.sample import complete_rows
from models.estimate import Estimate
from models.inference.resampling import Resampling

Array = NDArray[np.float64]

#: Fewer observations than this on the thin side of the quantile give no regression.
MINIMUM_TAIL = 20
#: Duality gap, relative to the objective, at which the interior-point search stops.
TOLERANCE = 1e-8
#: Share of the way to the boundary that a step takes, and the most steps taken.
BACK_OFF, MAX_STEPS = 0.99995, 100


@dataclass(frozen=True)
class QuantileRegression:
    """Coefficients of the conditional quantile with bootstrap draws that are joint over them.

    Attributes
    ----------
    quantile : float
    coefficients : Series, (K + 1,)
        "const" first.
    draws : DataFrame, (B, K + 1)
    block : float
        Mean block length in sessions.
    n : int
    level : float
    """

    quantile: float
    coefficients: pd.Series
    draws: pd.DataFrame
    block: float
    n: int
    level: float

    def estimate(self, name: str) -> Estimate:
        """One coefficient with its percentile interval."""
        return self.combination({name: 1.0})

    def combination(self, weights: Mapping[str, float]) -> Estimate:
        """A linear combination of coefficients, its interval from joint draws."""
        vector = np.array([weights.get(str(name), 0.0) for name in self.coefficients.index])
        value, draws = float(vector @ self.coefficients.to_numpy()), self.draws.to_numpy() @ vector
        low, high = np.quantile(draws, [0.5 * (1.0 - self.level), 0.5 * (1.0 + self.level)])
        method = f"regression of the {self.quantile:.3g} quantile; stationary bootstrap of rows, {draws.size} resamples"
        return Estimate(
            value,
            float(draws.std(ddof=1)),
            min(float(low), value),
            max(float(high), value),
            self.level,
            self.n,
            "",
            f"{method}, mean block {self.block:.0f}",
        )


def quantile_regression(
    y: pd.Series,
    X: pd.DataFrame | pd.Series,
    quantile: float,
    resampling: Resampling,
) -> QuantileRegression:
    """Regress a quantile of `y` on `X` and a constant.

    Parameters
    ----------
    y : Series, (T,)
        Percent returns.
    X : Series or DataFrame, (T, K)
    quantile : float
        Between 0 and 1.
    resampling : Resampling

    Raises
    ------
    EstimationError
        If fewer than 20 observations are expected beyond the quantile, or a series is constant.

    Notes
    -----
    Koenker and Bassett (1978); solved by the Frisch-Newton interior-point method of Portnoy and Koenker (1997). Rows
    (y_t, x_t) are resampled together in blocks (Fitzenberger 1998, "The moving blocks bootstrap and robust inference
    for linear least squares and quantile regressions").
    """
    rows = complete_rows(y, X, 2)
    tail = min(quantile, 1.0 - quantile) * len(rows)
    if tail < MINIMUM_TAIL:
        raise EstimationError(
            f"quantile regression of {y.name}",
            f"only {tail:.0f} observations lie beyond the {quantile:.3g} quantile",
            f"Use a longer sample or a quantile with at least {MINIMUM_TAIL} beyond it.",
        )
    response = np.ascontiguousarray(rows.iloc[:, 0].to_numpy())
    regressors = np.column_stack([np.ones(len(rows)), rows.iloc[:, 1:].to_numpy()])
    location, scale = regressors.mean(axis=0), regressors.std(axis=0)
    location[0], scale[0] = 0.0, 1.0
    spread = float(response.std())
    design = np.ascontiguousarray((regressors - location) / scale)
    coefficients = solve_quantile(response / spread, design, quantile)
    below = (response / spread < design @ coefficients).astype(np.float64)
    influence = design[:, -1] * (quantile - below)
    draws = _quantile_draws(response / spread, design, quantile, resampling.indices(influence))
    names = ["const", *map(str, rows.columns[1:])]
    back = np.diag(1.0 / scale)
    back[0] -= np.where(np.arange(scale.size) > 0, location / scale, 0.0)
    return QuantileRegression(
        quantile=quantile,
        coefficients=pd.Series(back @ coefficients * spread, index=names),
        draws=pd.DataFrame(draws @ back.T * spread, columns=names),
        block=resampling.block(influence),
        n=len(rows),
        level=resampling.level,
    )


@njit(cache=True)
def solve_quantile(y: Array, X: Array, quantile: float) -> Array:
    """Minimise sum_t rho(y_t - x_t'b), rho(u) = u (quantile - 1[u < 0]).

    The dual, max y'a subject to X'a = (1 - quantile) X'1 and 0 <= a <= 1, is followed along its central path by
    predictor-corrector Newton steps.

    Parameters
    ----------
    y : ndarray, (T,)
    X : ndarray, (T, K)
        Full rank, columns of order one.
    quantile : float

    Returns
    -------
    ndarray, (K,)
    """
    periods = y.size
    a = np.full(periods, 1.0 - quantile)
    s = 1.0 - a
    b = np.linalg.solve(X.T @ X, X.T @ y).astype(np.float64)
    surplus = X @ b - y
    z = np.maximum(surplus, 0.0) + 1e-3
    w = np.maximum(-surplus, 0.0) + 1e-3
    zero = np.zeros(periods)
    for _ in range(MAX_STEPS):
        gap = np.dot(a, z) + np.dot(s, w)
        if gap < TOLERANCE * (1.0 + np.sum(np.abs(surplus))):
            break
        _, da, dz, dw = _newton_step(X, a, s, z, w, 0.0, zero, zero)
        along, across = _reach(a, s, da, -da), _reach(z, w, dz, dw)
        trial = np.dot(a + along * da, z + across * dz) + np.dot(s - along * da, w + across * dw)
        centre = (trial / gap) ** 3 * gap / (2.0 * periods)
        db, da, dz, dw = _newton_step(X, a, s, z, w, centre, da * dz, -da * dw)
        along, across = _reach(a, s, da, -da), _reach(z, w, dz, dw)
        a = a + along * da
        s = s - along * da
        b = b + across * db
        z = z + across * dz
        w = w + across * dw
    return b


@njit(cache=True)
def _newton_step(
    X: Array, a: Array, s: Array, z: Array, w: Array, centre: float, second_a: Array, second_s: Array
) -> tuple[Array, Array, Array, Array]:
    """Direction (db, da, dz, dw) towards a z = s w = centre that keeps X'a, a + s and X b - z + w.

    `second_a` and `second_s` are the products of earlier directions that a linear step leaves out.
    """
    periods, size = X.shape
    pull_a = (centre - second_a) / a - z
    pull_s = (centre - second_s) / s - w
    weights = 1.0 / (z / a + w / s)
    system = np.zeros((size, size))
    right = np.zeros(size)
    for t in range(periods):
        for i in range(size):
            scaled = weights[t] * X[t, i]
            right[i] += scaled * (pull_a[t] - pull_s[t])
            for j in range(i + 1):
                system[i, j] += scaled * X[t, j]
    for i in range(size):
        for j in range(i):
            system[j, i] = system[i, j]
    db = np.linalg.solve(system, right).astype(np.float64)
    da = weights * (pull_a - pull_s - X @ db)
    return db, da, pull_a - z / a * da, pull_s + w / s * da


@njit(cache=True)
def _reach(first: Array, second: Array, d_first: Array, d_second: Array) -> float:
    """Longest step, at most one, that keeps both positive."""
    longest = 1.0 / BACK_OFF
    for t in range(first.size):
        if d_first[t] < 0.0:
            longest = min(longest, -first[t] / d_first[t])
        if d_second[t] < 0.0:
            longest = min(longest, -second[t] / d_second[t])
    return BACK_OFF * longest


@njit(cache=True)
def _quantile_draws(y: Array, X: Array, quantile: float, indices: NDArray[np.int64]) -> Array:
    """Coefficients on each resample; a row drawn c times enters once, multiplied by c."""
    draws = np.empty((indices.shape[0], X.shape[1]))
    for draw in range(indices.shape[0]):
        counts = np.zeros(y.size)
        for t in indices[draw]:
            counts[t] += 1.0
        rows = np.flatnonzero(counts)
        drawn = counts[rows]
        draws[draw] = solve_quantile(y[rows] * drawn, X[rows] * drawn.reshape(-1, 1), quantile)
    return draws
