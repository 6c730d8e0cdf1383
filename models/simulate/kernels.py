"""Recursions of the simulator: arrays in, arrays out."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]


@njit(cache=True)
def markov_path(transition: Array, uniforms: Array, first: int) -> NDArray[np.int64]:
    """States s_1..s_T of a Markov chain that was in state `first` the session before."""
    states = np.empty(len(uniforms), dtype=np.int64)
    state = first
    for t in range(len(uniforms)):
        threshold = transition[state, 0]
        following = 0
        while uniforms[t] > threshold and following < transition.shape[0] - 1:
            following += 1
            threshold += transition[state, following]
        state = following
        states[t] = state
    return states


@njit(cache=True)
def reverting_path(shocks: Array, mean: float, speed: float, floor: float, before: float) -> Array:
    """x_t = max(floor, x_{t-1} + speed (mean - x_{t-1}) + shock_t), starting from x_0 = `before`."""
    path = np.empty(len(shocks))
    level = before
    for t in range(len(shocks)):
        level = max(floor, level + speed * (mean - level) + shocks[t])
        path[t] = level
    return path


@njit(cache=True)
def regime_cdcc(
    states: NDArray[np.int64],
    normals: Array,
    scales: Array,
    regime_correlations: Array,
    q_target: Array,
    mixing: float,
    q_alpha: float,
    q_beta: float,
    omega: Array,
    alpha: Array,
    gamma: Array,
    beta: Array,
    h_first: Array,
    q_first: Array,
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """GJR variances and correlations that mix a regime's matrix with a cDCC recursion.

    X_t = W Rbar_{s_t} + (1 - W) Q_t, R_t = diag(X_t)^-½ X_t diag(X_t)^-½, u_t = scale_t chol(R_t) normal_t,
    e_it = h_it^½ u_it, Q_{t+1} = (1 - a - b) Qbar + a u*_t u*_t' + b Q_t with u*_it = u_it q_ii,t^½.

    Parameters
    ----------
    states : (T,)
    normals : (T, N)
    scales : (T,)
        Square root of (nu - 2) / chi-squared(nu): a unit-variance Student t.
    regime_correlations : (K, N, N)
    q_target : (N, N)
    omega, alpha, gamma, beta, h_first : (N,)
    q_first : (N, N)

    Returns
    -------
    u : (T, N)
        Standardised shocks.
    h : (T, N)
        Their conditional variances, without the regime's multiplier.
    correlations : (T, N, N)
        R_t.
    own : (T,)
        The part of the last column of u that no other column shares.
    h_next, q_next : (N,), (N, N)
        State after the last session.
    """
    T, N = normals.shape
    u = np.empty((T, N))
    h = np.empty((T, N))
    correlations = np.empty((T, N, N))
    own = np.empty(T)
    h_now = h_first.copy()
    q_now = q_first.copy()
    factor = np.zeros((N, N))
    root = np.empty(N)
    starred = np.empty(N)
    for t in range(T):
        target = regime_correlations[states[t]]
        for i in range(N):
            root[i] = np.sqrt(mixing * target[i, i] + (1.0 - mixing) * q_now[i, i])
        for i in range(N):
            for j in range(N):
                mixed = mixing * target[i, j] + (1.0 - mixing) * q_now[i, j]
                correlations[t, i, j] = mixed / (root[i] * root[j])
            correlations[t, i, i] = 1.0
        for i in range(N):
            for j in range(i + 1):
                value = correlations[t, i, j]
                for k in range(j):
                    value -= factor[i, k] * factor[j, k]
                factor[i, j] = np.sqrt(value) if i == j else value / factor[j, j]
        for i in range(N):
            value = 0.0
            for k in range(i + 1):
                value += factor[i, k] * normals[t, k]
            u[t, i] = scales[t] * value
            h[t, i] = h_now[i]
        own[t] = scales[t] * factor[N - 1, N - 1] * normals[t, N - 1]
        for i in range(N):
            square = h_now[i] * u[t, i] ** 2
            slope = alpha[i] + gamma[i] if u[t, i] < 0.0 else alpha[i]
            h_now[i] = omega[i] + slope * square + beta[i] * h_now[i]
            starred[i] = u[t, i] * np.sqrt(q_now[i, i])
        for i in range(N):
            for j in range(N):
                q_now[i, j] = (
                    (1.0 - q_alpha - q_beta) * q_target[i, j] + q_alpha * starred[i] * starred[j] + q_beta * q_now[i, j]
                )
    return u, h, correlations, own, h_now, q_now


@njit(cache=True)
def reverting_returns(
    returns: Array, volatility: Array, strength: float, average_over: int, spread_over: int
) -> tuple[Array, Array]:
    """Returns with a pull back from overextension.

    z_t = (P_t / mean of the last `average_over` prices - 1) / standard deviation of that ratio over the last
    `spread_over` sessions; r_t <- r_t - strength * volatility_t * z_{t-1}. z is zero until both windows are full.

    Returns
    -------
    pulled : (T,)
    overextension : (T,)
        z_t.
    """
    T = len(returns)
    prices = np.empty(T)
    ratios = np.zeros(T)
    overextension = np.zeros(T)
    pulled = np.empty(T)
    log_price = 0.0
    z = 0.0
    for t in range(T):
        pulled[t] = returns[t] - strength * volatility[t] * z
        log_price += pulled[t] / 100.0
        prices[t] = np.exp(log_price)
        z = 0.0
        if t + 1 >= average_over:
            ratios[t] = prices[t] / prices[t + 1 - average_over : t + 1].mean() - 1.0
            if t + 1 >= average_over + spread_over:
                spread = ratios[t - spread_over : t].std()
                if spread > 0.0:
                    z = ratios[t] / spread
        overextension[t] = z
    return pulled, overextension


@njit(cache=True)
def garch_variance(residuals: Array, omega: float, alpha: float, beta: float) -> Array:
    """h_{t+1} = omega + alpha e_t² + beta h_t from the sample variance."""
    h = np.empty(len(residuals))
    now = np.mean(residuals**2)
    for t in range(len(residuals)):
        h[t] = now
        now = omega + alpha * residuals[t] ** 2 + beta * now
    return h


@njit(cache=True)
def overextension(returns: Array, average_over: int, spread_over: int) -> Array:
    """z_t of `reverting_returns` for given percent log returns, (T,); zero until both windows are full."""
    return reverting_returns(returns, np.zeros(len(returns)), 0.0, average_over, spread_over)[1]


@njit(cache=True)
def rolling_median(values: Array, window: int) -> Array:
    """Median of the `window` values before each one, (T,); zero until the window is full."""
    medians = np.zeros(len(values))
    for t in range(window, len(values)):
        medians[t] = np.median(values[t - window : t])
    return medians
