"""Returns simulated from an estimated model: ahead from the last date, or a whole world of the same length.

Shocks are rows of the whitened residuals L_t^-1 z_t (L_t the lower Cholesky factor of R_t), resampled jointly, so that
their tails and their dependence beyond correlation are kept (filtered historical simulation, Barone-Adesi,
Giannopoulos and Vosper 1999).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from models.correlation.dynamics import unpack
from models.correlation.likelihood import coefficients
from models.correlation.recursions import pool_correlations, state_pass
from models.correlation.types import Array
from models.margins import MarginModel
from models.margins.kernels import SQRT_2_OVER_PI

if TYPE_CHECKING:
    from models.correlation.result import CorrelationResult


@njit(cache=True, fastmath={"contract"})
def simulate_paths(
    shocks: Array,
    mean: Array,
    variance: Array,
    exponential: Array,
    deviation: Array,
    first_variance: Array,
    first_state: Array,
    intercept: Array,
    a: float,
    b: float,
    g: float,
    corrected: bool,
    blocks: Array,
    push: Array,
    multipliers: Array,
) -> tuple[Array, Array, Array]:
    """Simulate P paths of H days.

    Parameters
    ----------
    shocks : array, shape (P, H, N)
        Uncorrelated, unit variance.
    mean : array, shape (N, 2)
        mu and phi.
    variance : array, shape (N, 4)
        omega, alpha, gamma, beta.
    exponential : array of bool, shape (N,)
        EGARCH instead of GARCH or GJR.
    deviation, first_variance : arrays, shape (N,)
        r - mu of the day before, and h of the first day.
    first_state, intercept : arrays, shape (N, N)
        Q of the first day, and C.
    blocks : array of int, shape (N,)
        Correlations are averaged over pairs of blocks; all different leaves them as they are.
    push : array, shape (H,)
        Added to the off-diagonal elements of the next day's Q.
    multipliers : array, shape (H, N)
        Variance of a day over h.

    Returns
    -------
    returns, variances : arrays, shape (P, H, N)
    correlations : array, shape (P, H, M)
        Lower triangle by rows.
    """
    paths, horizon, size = shocks.shape
    returns, variances = np.empty((paths, horizon, size)), np.empty((paths, horizon, size))
    correlations = np.empty((paths, horizon, size * (size + 1) // 2))
    q, r, factor = np.empty((size, size)), np.empty((size, size)), np.empty((size, size))
    h, before, z, x = np.empty(size), np.empty(size), np.empty(size), np.empty(size)
    pooled, scales = blocks.max() + 1 < size, np.sqrt(multipliers)
    for path in range(paths):
        q[:] = first_state
        h[:] = first_variance
        before[:] = deviation
        for day in range(horizon):
            for i in range(size):
                for j in range(i + 1):
                    r[i, j] = q[i, j] / np.sqrt(q[i, i] * q[j, j])
                    r[j, i] = r[i, j]
            if pooled:
                pool_correlations(r, blocks)
            k = 0
            for i in range(size):
                for j in range(i + 1):
                    correlations[path, day, k] = r[i, j]
                    total = r[i, j]
                    for m in range(j):
                        total -= factor[i, m] * factor[j, m]
                    factor[i, j] = np.sqrt(total) if i == j else total / factor[j, j]
                    k += 1
            for i in range(size):
                z[i] = 0.0
                for j in range(i + 1):
                    z[i] += factor[i, j] * shocks[path, day, j]
                x[i] = z[i] * np.sqrt(q[i, i]) if corrected else z[i]
                e = np.sqrt(h[i]) * scales[day, i] * z[i]
                variances[path, day, i] = h[i] * multipliers[day, i]
                before[i] = mean[i, 1] * before[i] + e
                returns[path, day, i] = mean[i, 0] + before[i]
                e /= scales[day, i]
                omega, alpha, gamma, beta = variance[i, 0], variance[i, 1], variance[i, 2], variance[i, 3]
                if exponential[i]:
                    news = alpha * (abs(z[i]) - SQRT_2_OVER_PI) + gamma * z[i]
                    h[i] = np.exp(omega + news + beta * np.log(h[i]))
                else:
                    h[i] = omega + (alpha + (gamma if e < 0.0 else 0.0)) * e * e + beta * h[i]
            for i in range(size):
                for j in range(i + 1):
                    asymmetric = g * min(z[i], 0.0) * min(z[j], 0.0)
                    if j < i:
                        asymmetric += push[day]
                    q[i, j] = intercept[i, j] + a * x[i] * x[j] + asymmetric + b * q[i, j]
                    q[j, i] = q[i, j]
    return returns, variances, correlations


@dataclass(frozen=True, slots=True)
class Simulated:
    """P simulated paths of H days.

    Attributes
    ----------
    returns, variances : arrays, shape (P, H, N)
        Percent, and percent squared.
    correlations : array, shape (P, H, M)
        Lower triangle by rows.
    states : array, shape (P, H, N)
        Variances as of sessions of mean length.
    """

    returns: Array
    variances: Array
    correlations: Array
    states: Array


@dataclass(frozen=True, slots=True)
class World:
    """A model at given parameters, standing before a given day; the arguments of `simulate_paths`.

    `session` is the position of its first day, counted from the first session of the sample; `first_variance` is h.
    """

    mean: Array
    variance: Array
    exponential: NDArray[np.bool_]
    deviation: Array
    first_variance: Array
    first_state: Array
    intercept: Array
    psi: Array
    corrected: bool
    blocks: NDArray[np.int64]
    push: Array | None
    models: tuple[MarginModel, ...]
    params: tuple[Array, ...]
    session: int

    def multipliers(self, horizon: int) -> Array:
        """Variance of each of the next days over h, shape (H, N)."""
        columns = [
            model.multipliers(own, self.session, horizon) for model, own in zip(self.models, self.params, strict=True)
        ]
        return np.column_stack(columns)

    def simulate(self, shocks: Array) -> Simulated:
        """Paths driven by `shocks`, shape (P, H, N), uncorrelated with unit variance."""
        multipliers = self.multipliers(shocks.shape[1])
        returns, variances, correlations = simulate_paths(
            np.ascontiguousarray(shocks),
            self.mean,
            self.variance,
            self.exponential,
            self.deviation,
            self.first_variance,
            unpack(self.first_state),
            unpack(self.intercept),
            *coefficients(self.psi),
            self.corrected,
            self.blocks,
            np.zeros(shocks.shape[1]) if self.push is None else self.push[: shocks.shape[1]],
            multipliers,
        )
        return Simulated(returns, variances, correlations, variances / multipliers)


def whitened_residuals(result: CorrelationResult) -> Array:
    """L_t^-1 z_t, centred and scaled to unit variance, shape (T, N)."""
    z = result.margins.std_residuals.to_numpy()
    white = np.linalg.solve(np.linalg.cholesky(result.correlations), z[:, :, None])[:, :, 0]
    standardised: Array = (white - white.mean(axis=0)) / white.std(axis=0)
    return standardised


def after_the_sample(result: CorrelationResult) -> World:
    """The estimated model on the day after the last."""
    fitted = result.margins.fitted
    deviation = result.margins.returns.to_numpy()[-1] - [margin.params[0] for margin in fitted]
    return _world(
        result,
        [margin.params for margin in fitted],
        deviation,
        np.array([margin.next_state for margin in fitted]),
        result.next_state,
        result.intercept,
        result.psi,
        session=len(result.margins.returns),
    )


def after_the_sample_at(result: CorrelationResult, candidate: Array) -> World:
    """The same at other parameters: (margins, packed target, free correlation parameters), filtered to the last day."""
    params, z, last, at = [], np.empty(result.margins.returns.shape), [], 0
    for i, margin in enumerate(result.margins.fitted):
        own = candidate[at : at + margin.params.size]
        returns = result.margins.returns.to_numpy()[:, i].copy()
        variances, z[:, i] = margin.model.filter(own, returns, margin.backcast)
        params.append(own)
        last.append(margin.model.state_after(own, z[:, i], variances))
        at += margin.params.size
    target = candidate[at : at + result.packed_target.size]
    psi, _ = result.with_free(candidate[at + target.size :])
    drive = result.dynamics.drive(z, result.dynamics.moments(z), psi, target)
    push = result.dynamics.push(psi, len(z))
    states = state_pass(drive.x, drive.negative, drive.intercept, drive.first, push, *coefficients(psi))
    deviation = result.margins.returns.to_numpy()[-1] - [own[0] for own in params]
    return _world(result, params, deviation, np.array(last), states[-1], drive.intercept, psi, session=len(z))


def at_the_start(result: CorrelationResult) -> World:
    """The estimated model on the first day, with the first variances of the sample and Q_1 = S."""
    fitted = result.margins.fitted
    first = np.array([margin.states[0] for margin in fitted])
    params = [margin.params for margin in fitted]
    zero = np.zeros(len(fitted))
    push = result.dynamics.push(result.psi, len(result.margins.returns))
    return _world(result, params, zero, first, result.packed_target, result.intercept, result.psi, push, session=0)


def simulate_sample(result: CorrelationResult, rng: np.random.Generator, white: Array) -> pd.DataFrame:
    """Returns on the dates of the sample from the estimated model, with whitened residuals resampled by rows."""
    rows = white[rng.integers(len(white), size=len(result.margins.returns))]
    returns = at_the_start(result).simulate(rows[None]).returns[0]
    return pd.DataFrame(returns, index=result.margins.returns.index, columns=list(result.names))


def _world(
    result: CorrelationResult,
    params: list[Array],
    deviation: Array,
    first_variance: Array,
    first_state: Array,
    intercept: Array,
    psi: Array,
    push: Array | None = None,
    *,
    session: int,
) -> World:
    models = tuple(margin.model for margin in result.margins.fitted)
    split = [model.split(own) for model, own in zip(models, params, strict=True)]
    return World(
        mean=np.array([[means[0], means[1:].sum()] for means, _, _ in split]),
        variance=np.array([variance for _, variance, _ in split]),
        exponential=np.array([model.volatility == "egarch" for model in models]),
        deviation=np.asarray(deviation, dtype=np.float64),
        first_variance=first_variance,
        first_state=first_state,
        intercept=intercept,
        psi=psi if result.dynamics.forcing is None else psi[:2],
        push=push,
        corrected=result.dynamics.corrected,
        blocks=np.array(result.dynamics.blocks or range(len(models)), dtype=np.int64),
        models=models,
        params=tuple(params),
        session=session,
    )
