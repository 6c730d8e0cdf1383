"""Draws from switching models: for the parametric bootstrap and for checks of a fit."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]


@njit(cache=True)
def chain_path(uniforms: Array, transition: Array, initial: Array) -> NDArray[np.int64]:
    """A path of the chain, shape (T,), from independent uniforms by inversion."""
    length, regimes = len(uniforms), len(initial)
    path = np.zeros(length, dtype=np.int64)
    for t in range(length):
        cumulated = 0.0
        for j in range(regimes):
            cumulated += initial[j] if t == 0 else transition[path[t - 1], j]
            path[t] = j
            if uniforms[t] < cumulated:
                break
    return path


@njit(cache=True)
def garch_path(shocks: Array, omega: float, alpha: float, beta: float, first: float) -> Array:
    """e_t = sqrt(h_t) z_t with h_t = omega + alpha e_{t-1}^2 + beta h_{t-1}, shape (T,)."""
    residuals = np.empty(len(shocks))
    variance = first
    for t in range(len(shocks)):
        residuals[t] = np.sqrt(variance) * shocks[t]
        variance = omega + alpha * residuals[t] ** 2 + beta * variance
    return residuals


def elliptical_shocks(generator: np.random.Generator, length: int, correlation: Array, nu: float | None) -> Array:
    """Normal, or t with unit variances, shocks of given correlation, shape (T, N)."""
    shocks = generator.standard_normal((length, len(correlation))) @ np.linalg.cholesky(correlation).T
    if nu is not None:
        shocks *= np.sqrt((nu - 2.0) / generator.chisquare(nu, length))[:, None]
    return np.asarray(shocks)


def draw_regimes(
    generator: np.random.Generator,
    length: int,
    transition: Array,
    initial: Array,
    means: Array,
    covariances: Array,
    nu: float | None,
) -> Array:
    """A sample of a Markov switching model, shape (T, N); covariances are those of the t, not its scales."""
    path = chain_path(generator.random(length), transition, initial)
    shocks = elliptical_shocks(generator, length, np.eye(means.shape[1]), nu)
    factors = np.linalg.cholesky(covariances)
    return np.asarray(means[path] + np.einsum("tij,tj->ti", factors[path], shocks))


@njit(cache=True)
def autoregressive_paths(
    uniforms: Array,
    shocks: Array,
    states_last: Array,
    states: NDArray[np.int64],
    last: Array,
    means: Array,
    sigma: Array,
    phi: Array,
    transition: Array,
) -> Array:
    """Paths of y_t = m(s_t) + sum_l phi_l (y_{t-l} - m(s_{t-l})) + sigma(s_t) e_t after the sample, shape (R, H).

    Parameters
    ----------
    uniforms : array, shape (R, H + 1)
        For the last state and the regimes ahead.
    shocks : array, shape (R, H)
        Of unit variance.
    states_last : array, shape (S,)
        Filtered probabilities of the last state.
    states : array, shape (S, p + 1)
        Regime of s_{T-l} in each state.
    last : array, shape (p,)
        y_T, y_{T-1}, ...
    means, sigma : array, shape (K,)
    phi : array, shape (K, p)
    transition : array, shape (K, K)
    """
    runs, horizon = shocks.shape
    order = len(last)
    paths = np.empty((runs, horizon))
    deviations = np.empty(order)
    for run in range(runs):
        state, cumulated = 0, 0.0
        for candidate in range(len(states_last)):
            cumulated += states_last[candidate]
            state = candidate
            if uniforms[run, 0] < cumulated:
                break
        regime = states[state, 0]
        for lag in range(order):
            deviations[lag] = last[lag] - means[states[state, lag]]
        for step in range(horizon):
            cumulated, following = 0.0, 0
            for candidate in range(len(means)):
                cumulated += transition[regime, candidate]
                following = candidate
                if uniforms[run, step + 1] < cumulated:
                    break
            regime = following
            deviation = sigma[regime] * shocks[run, step]
            for lag in range(order):
                deviation += phi[regime, lag] * deviations[lag]
            for lag in range(order - 1, 0, -1):
                deviations[lag] = deviations[lag - 1]
            if order > 0:
                deviations[0] = deviation
            paths[run, step] = means[regime] + deviation
    return paths
