"""What a regime model says about the days ahead: regime probabilities and moments of the mixture."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import EstimationError
from models.regimes.result import RegimeResult
from models.regimes.search import Found

Array = NDArray[np.float64]
#: Of unconstrained parameters and P(s_{T+h} | F_T), (H, K): means, (H, N), and covariances, (H, N, N), ahead.
Mixture = Callable[[Array, Array], tuple[Array, Array]]


@dataclass(frozen=True, eq=False)
class RegimeForecast:
    """Forecasts 1 to H steps ahead with the interval that parameter uncertainty makes.

    Attributes
    ----------
    probabilities, probabilities_lower, probabilities_upper : DataFrame, shape (H, K)
        P(s_{T+h} | F_T).
    mean, mean_lower, mean_upper : DataFrame, shape (H, N)
        E(y_{T+h} | F_T).
    covariance, covariance_lower, covariance_upper : array, shape (H, N, N)
        Cov(y_{T+h} | F_T), by the law of total covariance.
    remaining : array, shape (K,)
        Expected observations until the chain leaves regime k if it is there now; it has no memory.
    level : float
    draws : int
        Parameter draws behind the intervals.
    """

    probabilities: pd.DataFrame
    probabilities_lower: pd.DataFrame
    probabilities_upper: pd.DataFrame
    mean: pd.DataFrame
    mean_lower: pd.DataFrame
    mean_upper: pd.DataFrame
    covariance: Array
    covariance_lower: Array
    covariance_upper: Array
    remaining: Array
    level: float
    draws: int


def propagate(filtered: Array, transition: Array, horizon: int) -> Array:
    """P(s_{T+h} | F_T) = P(s_T | F_T) P^h for h = 1, ..., H, shape (H, K)."""
    path = np.empty((horizon, len(filtered)))
    current = filtered
    for step in range(horizon):
        current = current @ transition
        path[step] = current
    return path


def mixture_moments(probabilities: Array, means: Array, covariances: Array) -> tuple[Array, Array]:
    """Mean, shape (H, N), and covariance, shape (H, N, N), of mixtures of regimes.

    Cov(y) = sum_k p_k (Cov_k + mean_k mean_k') - mean mean'. Means have shape (K, N), or (H, K, N) where they move.
    """
    path = np.broadcast_to(means, (len(probabilities), *means.shape[-2:]))
    mean = np.einsum("hk,hkn->hn", probabilities, path)
    deviations = path - mean[:, None]
    within = np.einsum("hk,kij->hij", probabilities, covariances)
    between = np.einsum("hk,hki,hkj->hij", probabilities, deviations, deviations)
    return mean, within + between


def draw_parameters(found: Found, covariance: Array, draws: int, seed: int) -> Array:
    """Draws of theta around the optimum, fixed where a parameter sits at a bound, shape (draws, P).

    Raises
    ------
    EstimationError
        If the information matrix is not positive definite.
    """
    if not np.isfinite(covariance).all():
        raise EstimationError(
            "the regime model",
            "has no intervals: its information matrix is not positive definite",
            "Use fewer regimes or a longer sample.",
        )
    generator = np.random.default_rng(np.random.SeedSequence([seed, 7]))
    thetas = np.repeat(found.theta[None], draws, axis=0)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    thetas[:, found.free] += generator.standard_normal((draws, len(values))) @ root.T
    return thetas


def forecast_regimes(
    result: RegimeResult,
    mixture: Mixture,
    series: Sequence[Hashable],
    horizon: int,
    *,
    level: float,
    draws: int,
    seed: int,
) -> RegimeForecast:
    """Forecast by the filtered probabilities, the transition matrix and the moments of each regime.

    Where a variable drives the transitions, its last value is held: the matrix of the last observation applies.

    Parameters
    ----------
    result : RegimeResult
    mixture : callable
        Moments of the mixture ahead, see `Mixture`.
    level : float
        Coverage of the intervals; each draw of the parameters filters the data anew.
    """
    if horizon < 1:
        raise EstimationError("horizon", f"{horizon} steps ahead", "Ask for at least one step.")
    likelihood, found = result.likelihood, result.found

    def at(theta: Array) -> tuple[Array, Array, Array, Array]:
        transition = likelihood.chain.transition(likelihood.split(theta)[0])[-1]
        ahead = propagate(likelihood.states.marginal(likelihood.states_last(theta)[None])[0], transition, horizon)
        mean, spread = mixture(theta, ahead)
        return ahead, mean, spread, 1.0 / np.maximum(1.0 - np.diag(transition), 1e-300)

    ahead, mean, spread, remaining = at(found.theta)
    drawn = [at(theta) for theta in draw_parameters(found, result.theta_covariance, draws, seed)]
    tails = [0.5 - 0.5 * level, 0.5 + 0.5 * level]
    limits = [np.quantile(np.stack([draw[item] for draw in drawn]), tails, axis=0) for item in range(3)]
    steps = pd.RangeIndex(1, horizon + 1, name="horizon")
    regimes = pd.RangeIndex(len(remaining), name="regime")

    def frame(values: Array, columns: pd.Index | list[Hashable]) -> pd.DataFrame:
        return pd.DataFrame(values, index=steps, columns=columns)

    names = list(series)
    return RegimeForecast(
        probabilities=frame(ahead, regimes),
        probabilities_lower=frame(limits[0][0], regimes),
        probabilities_upper=frame(limits[0][1], regimes),
        mean=frame(mean, names),
        mean_lower=frame(limits[1][0], names),
        mean_upper=frame(limits[1][1], names),
        covariance=spread,
        covariance_lower=limits[2][0],
        covariance_upper=limits[2][1],
        remaining=remaining,
        level=level,
        draws=draws,
    )
