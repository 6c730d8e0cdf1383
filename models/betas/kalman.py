"""State-space betas: regression coefficients that follow random walks under heteroskedastic errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray
from scipy import stats

from data.errors import EstimationError
from models.betas.garch_regression import MINIMUM_SESSIONS, garch_regression
from models.betas.path import BetaPath
from models.betas.random_walk import diffuse_loglik, diffuse_score, filtered_states, smoothed_states
from models.betas.sample import complete_rows
from models.estimate import TestResult
from models.inference.intervals import normal_estimate
from models.optimise import Convergence, maximise

Array = NDArray[np.float64]

#: Where the search begins: standard deviation that a beta gathers over the sample, in standard errors of its
#: least-squares estimate times the root of the sample (Stock and Watson 1998, lambda).
STARTS = (3.0, 10.0, 30.0, 100.0)
#: A lambda below this counts as zero: over the whole sample the beta moves by less than its standard error.
SMALLEST, LARGEST = 0.3, 1000.0
#: Points of the grid, and golden-section steps, with which each resample's likelihood is maximised.
GRID, GOLDEN_STEPS = 9, 12
#: Values of lambda over which bands are averaged, with zero in front.
PLAUSIBLE = np.append(0.0, np.exp(np.linspace(np.log(SMALLEST), np.log(LARGEST), 40)))


@dataclass(frozen=True)
class KalmanRegression:
    """y_t = a + x_t'b_t + sqrt(sigma2 h_t) e_t with b_t a random walk and a constant.

    Attributes
    ----------
    dependent : str
    columns : tuple of str
        "const" first, then the factors.
    y, X, h : ndarray, (T,), (T, K), (T,)
        The sample, and the GARCH variances of the errors up to a factor.
    index : Index
    ratios : ndarray, (K,)
        Innovation variances of the coefficients over sigma2; zero for the constant, and where a beta does not move.
    sigma2, loglik : float
        Scale of h_t, and the diffuse log-likelihood.
    constant_loglik : float
        The same with every beta constant.
    units : ndarray, (K,)
        Ratio at which a beta moves by one standard error of its least-squares estimate over the sample.
    convergence : Convergence
    level : float
    """

    dependent: str
    columns: tuple[str, ...]
    y: Array
    X: Array
    h: Array
    index: pd.Index
    ratios: Array
    sigma2: float
    loglik: float
    constant_loglik: float
    units: Array
    convergence: Convergence
    level: float

    @property
    def innovation_deviations(self) -> pd.Series:
        """Standard deviation of a session's change of each beta; zero where the likelihood is highest at a constant."""
        return pd.Series(np.sqrt(self.sigma2 * self.ratios[1:]), index=list(self.columns[1:]))

    @property
    def constant(self) -> tuple[str, ...]:
        """Factors whose innovation variance is estimated at zero: a constant beta is not rejected."""
        return tuple(name for name, ratio in zip(self.columns[1:], self.ratios[1:], strict=True) if ratio == 0.0)

    def filtered(self, factor: str) -> BetaPath:
        """Beta given the sessions up to each day, at parameters of the whole sample."""
        return self._path(factor, "filtered")

    def smoothed(self, factor: str) -> BetaPath:
        """Beta given the whole sample: hindsight."""
        return self._path(factor, "smoothed")

    def constant_beta_test(self, *, replications: int = 199, seed: int = 0) -> TestResult:
        """Likelihood ratio of moving betas against constant ones.

        The null lies on the boundary and the usual chi-squared does not apply, so the p-value is that of a bootstrap:
        errors are resampled around the constant-beta fit, scaled by their h_t, and both likelihoods maximised anew.

        Parameters
        ----------
        replications, seed : int
        """
        at_zero = np.zeros_like(self.ratios)
        states, _, _ = smoothed_states(self.y, self.X, self.h, at_zero, 1.0)
        shocks = (self.y - np.einsum("tk,tk->t", self.X, states)) / np.sqrt(self.h)
        generator = np.random.default_rng(seed)
        fitted = np.einsum("tk,tk->t", self.X, states)
        draws = np.empty(replications)
        for draw in range(replications):
            resampled = fitted + np.sqrt(self.h) * generator.choice(shocks, shocks.size)
            highest = highest_loglik(resampled, self.X, self.h, self.units)
            draws[draw] = 2.0 * (highest - diffuse_loglik(resampled, self.X, self.h, at_zero)[0])
        statistic = 2.0 * (self.loglik - self.constant_loglik)
        return TestResult(
            statistic,
            float((1 + np.sum(draws >= statistic - 1e-8)) / (replications + 1)),
            f"the betas of {self.dependent} do not change",
            f"bootstrap under the null, {replications} resamples",
            self.y.size,
            "likelihood ratio of random-walk betas against constant ones",
        )

    def _path(self, factor: str, information: Literal["filtered", "smoothed"]) -> BetaPath:
        if factor not in self.columns[1:]:
            raise EstimationError(
                factor, "is not a factor of this regression", f"Choose among {', '.join(self.columns[1:])}."
            )
        position = self.columns.index(factor)
        path, mean, _, _ = self._moments(position, self.ratios, self.sigma2, information)
        variance, mean_variance = np.zeros(path.size), 0.0
        for ratios, sigma2, weight in self._plausible(position):
            centre, centre_mean, spread, spread_mean = self._moments(position, ratios, sigma2, information)
            variance += weight * (spread + (centre - path) ** 2)
            mean_variance += weight * (spread_mean + (centre_mean - mean) ** 2)
        reach = float(stats.norm.ppf(0.5 * (1.0 + self.level))) * np.sqrt(variance)
        frame = pd.DataFrame({"estimate": path, "lower": path - reach, "upper": path + reach}, index=self.index)
        stays = factor in self.constant
        how = "innovation variance zero: constant beta not rejected" if stays else "random-walk beta"
        method = f"{information} state-space beta, GARCH errors, exact diffuse start; {how}"
        return BetaPath(
            dependent=self.dependent,
            factor=factor,
            frame=frame,
            information=information,
            level=self.level,
            average=normal_estimate(
                mean,
                float(np.sqrt(mean_variance)),
                level=self.level,
                n=self.y.size,
                method=f"mean of the smoothed path; {method}",
            ),
            method=f"{method}; band of the state and of its innovation variance",
        )

    def _moments(
        self, position: int, ratios: Array, sigma2: float, information: Literal["filtered", "smoothed"]
    ) -> tuple[Array, float, Array, float]:
        """Path, its mean in hindsight, variance of the path, variance of the mean."""
        states, covariances, of_mean = smoothed_states(self.y, self.X, self.h, ratios, sigma2)
        mean, mean_variance = float(states[:, position].mean()), float(of_mean[position, position])
        if information == "filtered":
            states, covariances = filtered_states(self.y, self.X, self.h, ratios, sigma2)
        return states[:, position], mean, covariances[:, position, position], mean_variance

    def _plausible(self, position: int) -> Iterator[tuple[Array, float, float]]:
        """Innovation variances of one coefficient with their likelihood weights; lambda has a flat prior."""
        candidates, logliks, scales = [], [], []
        for value in PLAUSIBLE:
            ratios = self.ratios.copy()
            ratios[position] = self.units[position] * value**2
            loglik, scale = diffuse_loglik(self.y, self.X, self.h, ratios)
            candidates.append(ratios)
            logliks.append(loglik)
            scales.append(float(scale))
        weights = np.exp(np.array(logliks) - max(logliks)) * np.gradient(PLAUSIBLE)
        weights /= weights.sum()
        for ratios, scale, weight in zip(candidates, scales, weights, strict=True):
            if weight > 1e-4:
                yield ratios, scale, float(weight)


def kalman_regression(y: pd.Series, X: pd.DataFrame | pd.Series, *, level: float = 0.95) -> KalmanRegression:
    """Regress `y` on `X` with betas that are random walks, and a constant that is not.

    Parameters
    ----------
    y : Series, (T,)
        Percent returns.
    X : Series or DataFrame, (T, K)
        Percent returns of the factors.
    level : float
        Of the bands.

    Raises
    ------
    EstimationError
        If fewer than 250 complete sessions remain, a factor is constant, or a likelihood does not converge.

    Notes
    -----
    h_t comes from GARCH(1,1) of the residuals of constant betas, then once more of the residuals of the smoothed ones;
    its scale sigma2 is estimated with the innovation variances by maximum likelihood over q >= 0. Exact diffuse start:
    Durbin and Koopman (2012), "Time series analysis by state space methods", chapter 5; see `random_walk`.
    """
    frame = complete_rows(y, X, MINIMUM_SESSIONS)
    names = tuple(map(str, frame.columns[1:]))
    response = np.ascontiguousarray(frame.iloc[:, 0].to_numpy())
    regressors = np.column_stack([np.ones(len(frame)), frame.iloc[:, 1:].to_numpy()])
    h = garch_regression(frame.iloc[:, 0], frame.iloc[:, 1:]).variances.to_numpy()
    ratios, _ = _most_likely_ratios(response, regressors, h, names)
    states, _, _ = smoothed_states(response, regressors, h, ratios, 1.0)
    explained = pd.Series(np.einsum("tk,tk->t", regressors, states), index=frame.index, name="explained")
    h = garch_regression((frame.iloc[:, 0] - explained).rename(str(y.name)), frame.iloc[:, 1:]).variances.to_numpy()
    ratios, convergence = _most_likely_ratios(response, regressors, h, names)
    loglik, sigma2 = diffuse_loglik(response, regressors, h, ratios)
    return KalmanRegression(
        dependent=str(y.name),
        columns=("const", *names),
        y=response,
        X=regressors,
        h=h,
        index=frame.index,
        ratios=ratios,
        sigma2=float(sigma2),
        loglik=float(loglik),
        constant_loglik=float(diffuse_loglik(response, regressors, h, np.zeros_like(ratios))[0]),
        units=_units(regressors, h),
        convergence=convergence,
        level=level,
    )


def kalman_beta(
    y: pd.Series,
    X: pd.DataFrame | pd.Series,
    *,
    information: Literal["filtered", "smoothed"] = "smoothed",
    level: float = 0.95,
) -> BetaPath:
    """Random-walk beta of `y` on the first column of `X`, the other columns held fixed with betas of their own.

    Parameters
    ----------
    y : Series, (T,)
    X : Series or DataFrame, (T, K)
    information : {"filtered", "smoothed"}
        What each day's value knows: the sessions up to it, or the whole sample.
    level : float

    Returns
    -------
    BetaPath
        See `kalman_regression` for the model, its innovation variances and the test of a constant beta.
    """
    regression = kalman_regression(y, X, level=level)
    factor = regression.columns[1]
    return regression.filtered(factor) if information == "filtered" else regression.smoothed(factor)


def _units(X: Array, h: Array) -> Array:
    """Innovation variance at which a coefficient gathers one standard error of its estimate over the sample."""
    information = (X / h[:, None]).T @ X
    return np.asarray(np.diag(np.linalg.inv(information)) / len(X))


def _most_likely_ratios(y: Array, X: Array, h: Array, names: Sequence[str]) -> tuple[Array, Convergence]:
    """q / sigma2 by maximum likelihood over lambda = sqrt(q / unit) in logarithms; below the smallest, exactly zero."""
    units = _units(X, h)
    low, high = float(np.log(SMALLEST)), float(np.log(LARGEST))

    def ratios(point: Array) -> Array:
        return np.append(0.0, units[1:] * np.exp(2.0 * point))

    def value_and_gradient(point: Array) -> tuple[float, Array]:
        q = ratios(point)
        loglik, score, _ = diffuse_score(y, X, h, q)
        return loglik, 2.0 * score[1:] * q[1:]

    optimum = maximise(
        value_and_gradient,
        [np.full(len(names), np.log(start)) for start in STARTS],
        names=[f"lambda of {name}" for name in names],
        observations=y.size,
        bounds=[(low, high)] * len(names),
    )
    found = ratios(optimum.arguments)
    best = diffuse_loglik(y, X, h, found)[0]
    for k in range(1, found.size):
        without = found.copy()
        without[k] = 0.0
        value = diffuse_loglik(y, X, h, without)[0]
        if value >= best or optimum.arguments[k - 1] <= low:
            found, best = without, value
    return found, optimum.convergence


@njit(cache=True)
def highest_loglik(y: Array, X: Array, h: Array, units: Array) -> float:
    """Highest diffuse log-likelihood over q >= 0: a grid for each coefficient in turn, then golden sections."""
    size = units.size
    q = np.zeros(size)
    best = diffuse_loglik(y, X, h, q)[0]
    low, high = np.log(SMALLEST), np.log(LARGEST)
    step = (high - low) / (GRID - 1)
    ratio = 0.5 * (np.sqrt(5.0) - 1.0)
    sweeps = 1 if size == 2 else 2
    for _ in range(sweeps):
        for k in range(1, size):
            trial = q.copy()
            centre = -np.inf
            trial[k] = 0.0
            value = diffuse_loglik(y, X, h, trial)[0]
            if value > best:
                best, q = value, trial.copy()
            for point in range(GRID):
                trial[k] = units[k] * np.exp(2.0 * (low + point * step))
                value = diffuse_loglik(y, X, h, trial)[0]
                if value > best:
                    best, q, centre = value, trial.copy(), low + point * step
            if centre == -np.inf:
                if q[k] == 0.0:
                    continue
                centre = 0.5 * np.log(q[k] / units[k])
            left, right = max(centre - step, low), min(centre + step, high)
            for _ in range(GOLDEN_STEPS):
                inner_left, inner_right = right - ratio * (right - left), left + ratio * (right - left)
                trial[k] = units[k] * np.exp(2.0 * inner_left)
                value_left = diffuse_loglik(y, X, h, trial)[0]
                trial[k] = units[k] * np.exp(2.0 * inner_right)
                value_right = diffuse_loglik(y, X, h, trial)[0]
                if value_left > value_right:
                    right = inner_right
                    value, at = value_left, inner_left
                else:
                    left = inner_left
                    value, at = value_right, inner_right
                if value > best:
                    best = value
                    q[k] = units[k] * np.exp(2.0 * at)
    return best
