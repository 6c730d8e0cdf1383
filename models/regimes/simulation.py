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
