"""Filter and smoother of a regression whose coefficients are random walks with an exact diffuse start.

y_t = x_t'b_t + sqrt(sigma2 h_t) e_t, b_{t+1} = b_t + u_t, u_t ~ N(0, sigma2 diag(q)), b_1 unknown. Writing
b_t = c_t + b_1 with c_1 = 0, the filter of c runs on y and on each column of x at once with common gains, and b_1 is
the generalised least-squares estimate from the innovations (Rosenberg 1973; de Jong 1991, "The diffuse Kalman
filter"). sigma2 is concentrated out. Arrays in, arrays out.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]


@njit(cache=True)
def innovations(y: Array, X: Array, h: Array, q: Array) -> tuple[Array, Array, Array, Array]:
    """Innovations of (y, -x') under b_1 = 0, their variances, gains and predicted state variances.

    Returns
    -------
    ndarray, (T, K + 1)
        First column: of y; the others: of the columns that b_1 multiplies.
    ndarray, (T,)
        Variances F_t.
    ndarray, (T, K)
        Gains P_t x_t / F_t.
    ndarray, (T, K, K)
        P_t, variance of c_t given the sessions before.
    """
    periods, size = X.shape
    errors = np.empty((periods, size + 1))
    variances = np.empty(periods)
    gains = np.empty((periods, size))
    spread = np.empty((periods, size, size))
    state = np.zeros((size, size + 1))
    P = np.zeros((size, size))
    for t in range(periods):
        total = h[t]
        for i in range(size):
            gains[t, i] = 0.0
            for j in range(size):
                spread[t, i, j] = P[i, j]
                gains[t, i] += P[i, j] * X[t, j]
            total += X[t, i] * gains[t, i]
        variances[t] = total
        for k in range(size + 1):
            errors[t, k] = y[t] if k == 0 else -X[t, k - 1]
            for i in range(size):
                errors[t, k] -= X[t, i] * state[i, k]
        for i in range(size):
            for j in range(size):
                P[i, j] -= gains[t, i] * gains[t, j] / total
        for i in range(size):
            gains[t, i] /= total
            P[i, i] += q[i]
            for k in range(size + 1):
                state[i, k] += gains[t, i] * errors[t, k]
    return errors, variances, gains, spread


@njit(cache=True)
def start_estimate(errors: Array, variances: Array) -> tuple[Array, Array, float]:
    """b_1 by generalised least squares, its information matrix S, and the weighted sum of squares left."""
    size = errors.shape[1] - 1
    S = np.zeros((size, size))
    s = np.zeros(size)
    squares = 0.0
    for t in range(errors.shape[0]):
        squares += errors[t, 0] ** 2 / variances[t]
        for i in range(size):
            s[i] -= errors[t, i + 1] * errors[t, 0] / variances[t]
            for j in range(size):
                S[i, j] += errors[t, i + 1] * errors[t, j + 1] / variances[t]
    b = np.linalg.solve(S, s)
    return b, S, squares - np.dot(b, s)


@njit(cache=True)
def diffuse_loglik(y: Array, X: Array, h: Array, q: Array) -> tuple[float, float]:
    """Diffuse log-likelihood with sigma2 concentrated out, and sigma2.

    -((T - K) (log 2 pi sigma2 + 1) + sum log F_t + log det S) / 2, sigma2 the mean square over T - K.
    """
    periods, size = X.shape
    errors, variances, _, _ = innovations(y, X, h, q)
    _, S, squares = start_estimate(errors, variances)
    scale = squares / (periods - size)
    loglik = -0.5 * (periods - size) * (np.log(2.0 * np.pi * scale) + 1.0)
    loglik -= 0.5 * (np.sum(np.log(variances)) + np.log(np.linalg.det(S)))
    return loglik, scale


@njit(cache=True)
def diffuse_score(y: Array, X: Array, h: Array, q: Array) -> tuple[float, Array, float]:
    """Log-likelihood, its derivative by q (K,), and sigma2.

    dl/dq_i = sum_t (r_ti^2 / sigma2 - N_tii) / 2 with r and N from the backward recursions of the smoothed disturbances
    (Koopman and Shephard 1992), both corrected for the estimation of b_1.
    """
    periods, size = X.shape
    errors, variances, gains, _ = innovations(y, X, h, q)
    b, S, squares = start_estimate(errors, variances)
    scale = squares / (periods - size)
    loglik = -0.5 * (periods - size) * (np.log(2.0 * np.pi * scale) + 1.0)
    loglik -= 0.5 * (np.sum(np.log(variances)) + np.log(np.linalg.det(S)))
    inverse = np.linalg.inv(S)
    r = np.zeros((size, size + 1))
    N = np.zeros((size, size))
    score = np.zeros(size)
    for t in range(periods - 1, 0, -1):
        r, N = step_back(X[t], gains[t], variances[t], errors[t], r, N)
        for i in range(size):
            centred = r[i, 0]
            for k in range(size):
                centred += r[i, k + 1] * b[k]
            corrected = N[i, i]
            for k in range(size):
                for m in range(size):
                    corrected -= r[i, k + 1] * inverse[k, m] * r[i, m + 1]
            score[i] += 0.5 * (centred**2 / scale - corrected)
    return loglik, score, scale


@njit(cache=True)
def step_back(x: Array, gain: Array, variance: float, error: Array, r: Array, N: Array) -> tuple[Array, Array]:
    """r_{t-1} = x e / F + L'r_t and N_{t-1} = x x' / F + L'N_t L with L = I - gain x'."""
    size = x.size
    pulled = np.zeros(size + 1)
    for k in range(size + 1):
        for i in range(size):
            pulled[k] += gain[i] * r[i, k]
    row = np.zeros(size)
    quadratic = 0.0
    for i in range(size):
        for j in range(size):
            row[i] += N[i, j] * gain[j]
        quadratic += gain[i] * row[i]
    before = np.empty((size, size + 1))
    spread = np.empty((size, size))
    for i in range(size):
        for k in range(size + 1):
            before[i, k] = r[i, k] + x[i] * (error[k] / variance - pulled[k])
        for j in range(size):
            spread[i, j] = N[i, j] - x[i] * row[j] - row[i] * x[j] + x[i] * x[j] * (quadratic + 1.0 / variance)
    return before, spread


@njit(cache=True)
def filtered_states(y: Array, X: Array, h: Array, q: Array, scale: float) -> tuple[Array, Array]:
    """b_t given the sessions up to t, (T, K), and its variance, (T, K, K); NaN until b_1 is determined."""
    periods, size = X.shape
    errors, variances, gains, spread = innovations(y, X, h, q)
    states = np.full((periods, size), np.nan)
    covariances = np.full((periods, size, size), np.nan)
    S, s = np.zeros((size, size)), np.zeros(size)
    walk = np.zeros((size, size + 1))
    for t in range(periods):
        for i in range(size):
            s[i] -= errors[t, i + 1] * errors[t, 0] / variances[t]
            for j in range(size):
                S[i, j] += errors[t, i + 1] * errors[t, j + 1] / variances[t]
            for k in range(size + 1):
                walk[i, k] += gains[t, i] * errors[t, k]
        if t + 1 < 2 * size or np.linalg.cond(S) > 1e10:
            continue
        inverse = np.linalg.inv(S)
        reach = np.eye(size) + walk[:, 1:]
        states[t] = walk[:, 0] + reach @ (inverse @ s)
        own = spread[t] - np.outer(gains[t], gains[t]) * variances[t]
        covariances[t] = scale * (own + reach @ inverse @ reach.T)
    return states, covariances


@njit(cache=True)
def smoothed_states(y: Array, X: Array, h: Array, q: Array, scale: float) -> tuple[Array, Array, Array]:
    """b_t given all sessions, (T, K), its variance, (T, K, K), and the variance of its mean over time, (K, K)."""
    periods, size = X.shape
    errors, variances, gains, spread = innovations(y, X, h, q)
    b, S, _ = start_estimate(errors, variances)
    inverse = np.linalg.inv(S)
    states = np.empty((periods, size))
    covariances = np.empty((periods, size, size))
    r = np.zeros((size, size + 1))
    N = np.zeros((size, size))
    walk = np.zeros((periods, size, size + 1))
    for t in range(1, periods):
        walk[t] = walk[t - 1] + np.outer(gains[t - 1], errors[t - 1])
    later = np.zeros((size, size))
    total = np.zeros((size, size))
    mean_reach = np.zeros((size, size))
    identity = np.eye(size)
    for t in range(periods - 1, -1, -1):
        L = identity - np.outer(gains[t], X[t])
        r, N = step_back(X[t], gains[t], variances[t], errors[t], r, N)
        path = walk[t] + spread[t] @ r
        reach = identity + path[:, 1:]
        states[t] = path[:, 0] + reach @ b
        own = spread[t] - spread[t] @ N @ spread[t]
        covariances[t] = scale * (own + reach @ inverse @ reach.T)
        later = identity - N @ spread[t] + L.T @ later
        with_later = spread[t] @ later
        total += with_later + with_later.T - own
        mean_reach += reach / periods
    return states, covariances, scale * (total / periods**2 + mean_reach @ inverse @ mean_reach.T)
