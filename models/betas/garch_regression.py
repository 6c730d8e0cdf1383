"""Linear regression with GARCH errors: mean and variance by one likelihood, covariance from its sandwich."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray
from scipy import stats

from data.errors import EstimationError
from models.betas.sample import complete_rows
from models.estimate import Estimate, TestResult
from models.inference.intervals import normal_estimate
from models.inference.resampling import Resampling
from models.margins.distributions import SHAPES
from models.margins.kernels import garch_derivatives, garch_variances
from models.margins.model import MAX_PERSISTENCE
from models.optimise import Convergence, maximise

Array = NDArray[np.float64]
Volatility = Literal["garch", "gjr"]
Distribution = Literal["normal", "t"]

#: Fewer sessions than this carry no volatility model.
MINIMUM_SESSIONS = 250
#: Where the search begins: persistence, share of the news in it, asymmetry.
STARTS = ((0.97, 0.07, 0.2), (0.90, 0.15, 0.2), (0.99, 0.04, 0.0))
#: A session that alone determines a coefficient has no residual to infer from; its leverage counts as this much.
MAX_LEVERAGE = 0.9


@dataclass(frozen=True)
class GarchRegression:
    """Estimates of a regression with GARCH errors.

    y_t = x_t'b + e_t, e_t = sqrt(h_t) z_t, h_t = omega + (alpha + gamma 1[e_{t-1} < 0]) e_{t-1}^2 + beta h_{t-1}.

    Attributes
    ----------
    params : Series, (P,)
        Coefficients by the name of their column ("const" first), then omega, alpha[, gamma], beta[, nu].
    design : ndarray, (T, K)
        The regressors, a constant first.
    influence : ndarray, (T, P)
        Influence of each session on the estimates; its outer product over T^2 is the sandwich covariance. Zero in a
        direction that ended at a bound.
    residuals, variances : Series, (T,)
        e_t in percent and h_t in percent squared, the latter known at the close before.
    loglik : float
    convergence : Convergence
    """

    params: pd.Series
    design: Array
    influence: Array
    residuals: pd.Series
    variances: pd.Series
    loglik: float
    convergence: Convergence

    @property
    def n(self) -> int:
        """Sessions."""
        return self.influence.shape[0]

    @property
    def covariance(self) -> pd.DataFrame:
        """Sandwich covariance of `params`, (P, P)."""
        names = self.params.index
        return pd.DataFrame(self.influence.T @ self.influence / self.n**2, index=names, columns=names)

    @property
    def std_errors(self) -> pd.Series:
        """Sandwich standard errors; NaN for a parameter held at a bound."""
        errors = np.sqrt(np.diag(self.covariance))
        return pd.Series(np.where(errors > 0.0, errors, np.nan), index=self.params.index)

    @property
    def std_residuals(self) -> pd.Series:
        """z_t, (T,)."""
        return self.residuals / np.sqrt(self.variances)

    def weights(self, combination: Mapping[str, float]) -> Array:
        """A linear combination of named parameters as a vector, (P,)."""
        return self.params.index.map(lambda name: combination.get(name, 0.0)).to_numpy(dtype=np.float64)

    def combination(self, combination: Mapping[str, float], *, level: float, method: str, unit: str = "") -> Estimate:
        """A linear combination of parameters with its interval from their joint covariance."""
        weights = self.weights(combination)
        error = float(np.sqrt(np.sum((self.influence @ weights) ** 2))) / self.n
        value = float(weights @ self.params.to_numpy())
        return normal_estimate(value, error, level=level, n=self.n, method=method, unit=unit)

    def resampled(self, resampling: Resampling) -> pd.DataFrame:
        """Coefficients on resampled sessions, weighted by 1 / h_t as estimated, (B, K).

        A check of the sandwich that also allows for serial dependence of the scores: rows (y_t, x_t) are drawn together
        in blocks.
        """
        weighted = self.design / np.sqrt(self.variances.to_numpy())[:, None]
        coefficients = self.params.to_numpy()[: self.design.shape[1]]
        response = weighted @ coefficients + self.std_residuals.to_numpy()
        influence = self.influence[:, : coefficients.size] @ self.design.std(axis=0)
        draws = _weighted_draws(response, np.ascontiguousarray(weighted), resampling.indices(influence))
        return pd.DataFrame(draws, columns=self.params.index[: coefficients.size])

    def wald(
        self, combinations: Sequence[Mapping[str, float]], *, null: str, values: Sequence[float] = ()
    ) -> TestResult:
        """Wald test that each combination equals its value (zero unless given)."""
        matrix = np.array([self.weights(combination) for combination in combinations])
        gap = matrix @ self.params.to_numpy() - (np.asarray(values, dtype=np.float64) if len(values) else 0.0)
        covariance = matrix @ self.covariance.to_numpy() @ matrix.T
        statistic = float(gap @ np.linalg.solve(covariance, gap))
        return TestResult(
            statistic,
            float(stats.chi2.sf(statistic, len(matrix))),
            null,
            f"chi-squared with {len(matrix)} degrees of freedom",
            self.n,
            "Wald test with the sandwich covariance",
        )


def garch_regression(
    y: pd.Series,
    X: pd.DataFrame,
    *,
    volatility: Volatility = "garch",
    distribution: Distribution = "normal",
) -> GarchRegression:
    """Regress `y` on `X` and a constant with GARCH errors.

    Parameters
    ----------
    y : Series, (T,)
        Percent returns.
    X : DataFrame, (T, K)
        Regressors; sessions on which any value is missing are left out.
    volatility : {"garch", "gjr"}
    distribution : {"normal", "t"}
        "normal" is Gaussian quasi maximum likelihood: consistent for mean and variance under any distribution.

    Raises
    ------
    EstimationError
        If fewer than 250 complete sessions remain, the regressors are linearly dependent or fit `y` exactly, or the
        optimiser does not converge.

    Notes
    -----
    Quasi maximum likelihood: Bollerslev and Wooldridge (1992), "Quasi-maximum likelihood estimation and inference in
    dynamic models with time-varying covariances". The first variance is a backcast as in `models.margins`. A session
    with leverage l_t in the weighted regression pulls its own residual to zero, which matters for a dummy of few
    sessions: its influence is divided by 1 - l_t (MacKinnon and White 1985, "HC3").
    """
    rows = complete_rows(y, X, MINIMUM_SESSIONS)
    regressors = np.column_stack([np.ones(len(rows)), rows.iloc[:, 1:].to_numpy()])
    likelihood = _Likelihood(rows.iloc[:, 0].to_numpy(), regressors, volatility, distribution)
    optimum = maximise(
        likelihood.value_and_gradient,
        [likelihood.start(*start) for start in STARTS],
        names=likelihood.coordinates,
        observations=len(rows),
        bounds=likelihood.bounds,
    )
    if not optimum.convergence.converged:
        raise EstimationError(
            f"regression of {y.name}",
            f"the search stopped with a gradient of {optimum.convergence.gradient_norm:.1e} an observation",
            "Use a longer sample or fewer regressors.",
        )
    params, influence = likelihood.params_and_influence(optimum.arguments, optimum.convergence.at_bounds)
    residuals, variances = likelihood.paths(optimum.arguments)
    influence /= 1.0 - _leverage(regressors / np.sqrt(variances)[:, None])[:, None]
    names = ["const", *map(str, rows.columns[1:]), *likelihood.variance_names]
    return GarchRegression(
        params=pd.Series(params, index=names, name="estimate"),
        design=regressors,
        influence=influence,
        residuals=pd.Series(residuals, index=rows.index, name="residual"),
        variances=pd.Series(variances, index=rows.index, name="variance"),
        loglik=optimum.value - len(rows) * float(np.log(likelihood.scale)),
        convergence=optimum.convergence,
    )


class _Likelihood:
    """The likelihood in coordinates in which every parameter is of order one.

    X = Q R with columns of Q of mean square one and y in units of its least-squares residual. The variance is searched
    over log omega, persistence P = c (1 - exp(-u)) with c its bound, share S of the news in it and asymmetry G:
    alpha = P S (1 - G), gamma = 2 P S G, beta = P (1 - S).
    """

    def __init__(self, y: Array, X: Array, volatility: Volatility, distribution: Distribution) -> None:
        observations, self._size = X.shape
        rotated, upper = np.linalg.qr(X)
        if np.abs(np.diag(upper)).min() < 1e-9 * np.abs(np.diag(upper)).max():
            raise EstimationError("the regressors", "are linearly dependent", "Leave one of them out.")
        self._rotation = upper / np.sqrt(observations)
        self._X = np.ascontiguousarray(rotated * np.sqrt(observations))
        residuals = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
        self.scale = float(residuals.std())
        if self.scale <= 1e-10 * max(float(np.abs(y).max()), 1e-300):
            raise EstimationError("the regression", "leaves no residual", "Check the series for constants and copies.")
        self._y = y / self.scale
        self._shape = SHAPES[distribution]
        self._asymmetric = volatility == "gjr"
        self._backcast = _backcast(residuals / self.scale)
        variance = ("log omega", "persistence", "news", *(("asymmetry",) if self._asymmetric else ()))
        self.coordinates = (*(f"b{k}" for k in range(self._size)), *variance, *self._shape.names)
        self.variance_names = ("omega", "alpha", *(("gamma",) if self._asymmetric else ()), "beta", *self._shape.names)
        self.bounds: list[tuple[float | None, float | None]] = [(None, None)] * self._size
        self.bounds += [(-25.0, 5.0), (0.0, float(-np.log(1.0 - MAX_PERSISTENCE))), (0.0, 1.0)]
        self.bounds += [(-1.0, 1.0)] if self._asymmetric else []
        self.bounds += list(self._shape.bounds)

    def start(self, persistence: float, news: float, asymmetry: float) -> Array:
        """Least squares for the mean and the given variance dynamics."""
        decay = float(np.log(1.0 - persistence))
        variance = [decay, -decay, news, *([asymmetry] if self._asymmetric else [])]
        return np.concatenate([self._X.T @ self._y / self._y.size, variance, self._shape.start])

    def value_and_gradient(self, point: Array) -> tuple[float, Array]:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            values, scores = self._scores(point)
        return float(values.sum()), scores.sum(axis=0)

    def paths(self, point: Array) -> tuple[Array, Array]:
        """Residuals in percent and variances in percent squared."""
        residuals = self._y - self._X @ point[: self._size]
        omega, alpha, gamma, beta = self._variance_params(point)
        first = omega + (alpha + 0.5 * gamma + beta) * self._backcast
        variances = garch_variances(residuals, omega, alpha, gamma, beta, first)
        return residuals * self.scale, variances * self.scale**2

    def params_and_influence(self, point: Array, at_bounds: tuple[str, ...]) -> tuple[Array, Array]:
        """Parameters in the units of y and X, and the influence of each observation on them."""
        unidentified = ("persistence", "news", "asymmetry") if self._is_constant(point) else ()
        free = np.array([name not in (*at_bounds, *unidentified) for name in self.coordinates])
        scores = self._scores(point)[1][:, free]
        jacobian = self._natural_jacobian(point)[:, free]
        influence = scores @ np.linalg.solve(-self._hessian(point, free), jacobian.T)
        keep = [k for k in range(self._size + 4) if self._asymmetric or k != self._size + 2]
        keep += list(range(self._size + 4, self._size + 4 + len(self._shape.names)))
        return self._natural(point)[keep], influence[:, keep]

    def _is_constant(self, point: Array) -> bool:
        """Whether the variance does not answer to news, so that its dynamics are not identified."""
        persistence, news, _ = self._dynamics(point)
        return persistence * news < 1e-8

    def _dynamics(self, point: Array) -> tuple[float, float, float]:
        """Persistence, share of the news in it, asymmetry."""
        persistence = MAX_PERSISTENCE * (1.0 - float(np.exp(-point[self._size + 1])))
        return persistence, float(point[self._size + 2]), float(point[self._size + 3]) if self._asymmetric else 0.0

    def _variance_params(self, point: Array) -> tuple[float, float, float, float]:
        persistence, news, asymmetry = self._dynamics(point)
        shock = persistence * news
        return (
            float(np.exp(point[self._size])),
            shock * (1.0 - asymmetry),
            2.0 * shock * asymmetry,
            persistence * (1.0 - news),
        )

    def _scores(self, point: Array) -> tuple[Array, Array]:
        size = self._size
        omega, alpha, gamma, beta = self._variance_params(point)
        residuals = self._y - self._X @ point[:size]
        first = omega + (alpha + 0.5 * gamma + beta) * self._backcast
        d_first = np.concatenate([np.zeros(size), [1.0, self._backcast, 0.5 * self._backcast, self._backcast]])
        variances = garch_variances(residuals, omega, alpha, gamma, beta, first)
        d_log = garch_derivatives(residuals, -self._X, variances, alpha, gamma, beta, d_first) / variances[:, None]
        root = np.sqrt(variances)
        z = residuals / root
        shape = point[point.size - len(self._shape.names) :]
        log_density, by_z, by_shape = self._shape.density(z, shape)
        scores = -0.5 * (by_z * z + 1.0)[:, None] * d_log
        scores[:, :size] -= (by_z / root)[:, None] * self._X
        natural = np.column_stack([scores, by_shape])
        return log_density - 0.5 * np.log(variances), natural @ self._search_jacobian(point)

    def _search_jacobian(self, point: Array) -> Array:
        """Derivative of (b, omega, alpha, gamma, beta, shape) by the coordinates."""
        size = self._size
        matrix = np.zeros((size + 4 + len(self._shape.names), point.size))
        matrix[:size, :size] = np.eye(size)
        persistence, news, asymmetry = self._dynamics(point)
        matrix[size, size] = np.exp(point[size])
        slope = MAX_PERSISTENCE * np.exp(-point[size + 1])
        matrix[size + 1 : size + 4, size + 1] = slope * np.array(
            [news * (1.0 - asymmetry), 2.0 * news * asymmetry, 1.0 - news]
        )
        matrix[size + 1 : size + 4, size + 2] = persistence * np.array([1.0 - asymmetry, 2.0 * asymmetry, -1.0])
        if self._asymmetric:
            matrix[size + 1 : size + 3, size + 3] = persistence * news * np.array([-1.0, 2.0])
        for k in range(len(self._shape.names)):
            matrix[size + 4 + k, point.size - len(self._shape.names) + k] = 1.0
        return matrix

    def _natural(self, point: Array) -> Array:
        coefficients = np.linalg.solve(self._rotation, point[: self._size]) * self.scale
        omega, alpha, gamma, beta = self._variance_params(point)
        shape = point[point.size - len(self._shape.names) :]
        return np.concatenate([coefficients, [omega * self.scale**2, alpha, gamma, beta], shape])

    def _natural_jacobian(self, point: Array) -> Array:
        matrix = self._search_jacobian(point)
        matrix[: self._size] = np.linalg.solve(self._rotation, matrix[: self._size]) * self.scale
        matrix[self._size] *= self.scale**2
        return matrix

    def _hessian(self, point: Array, free: NDArray[np.bool_]) -> Array:
        columns = []
        for index in np.flatnonzero(free):
            room = [0.5 * abs(point[index] - side) for side in self.bounds[index] if side is not None]
            step = min(1e-5 * max(1.0, abs(point[index])), *room) if room else 1e-5 * max(1.0, abs(point[index]))
            up, down = point.copy(), point.copy()
            up[index] += step
            down[index] -= step
            columns.append((self.value_and_gradient(up)[1] - self.value_and_gradient(down)[1])[free] / (2.0 * step))
        hessian = np.column_stack(columns) / self._y.size
        return np.asarray(0.5 * (hessian + hessian.T))


@njit(cache=True)
def _weighted_draws(y: Array, X: Array, indices: NDArray[np.int64]) -> Array:
    """Least-squares coefficients on each resample; NaN where it does not determine them."""
    size = X.shape[1]
    draws = np.full((indices.shape[0], size), np.nan)
    for draw in range(indices.shape[0]):
        system, right = np.zeros((size, size)), np.zeros(size)
        for t in indices[draw]:
            for i in range(size):
                right[i] += X[t, i] * y[t]
                for j in range(size):
                    system[i, j] += X[t, i] * X[t, j]
        if np.min(np.diag(system)) > 0.0 and np.linalg.cond(system) < 1e12:
            draws[draw] = np.linalg.solve(system, right)
    return draws


def _leverage(weighted: Array) -> Array:
    """Diagonal of the projection on the columns of `weighted` (T, K), (T,)."""
    rotated, _ = np.linalg.qr(weighted)
    return np.asarray(np.minimum(np.sum(rotated**2, axis=1), MAX_LEVERAGE))


def _backcast(residuals: Array) -> float:
    """Exponentially weighted mean of the first 75 squares (weights 0.94^t)."""
    squares = residuals[:75] ** 2
    weights = 0.94 ** np.arange(squares.size)
    return float(weights @ squares / weights.sum())
