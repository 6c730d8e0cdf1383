"""Variance recursions with their derivatives: arrays in, arrays out.

Arguments are in the order of the recursion; `d_residuals` is (T, M), the derivative of the residuals with respect to
the M parameters of the mean, and the returned `d_variances` is (T, M + V) with the V parameters of the variance
behind them.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from models.margins.types import Array

SQRT_2_OVER_PI = float(np.sqrt(2.0 / np.pi))


@njit(cache=True)
def garch_variances(residuals: Array, omega: float, alpha: float, gamma: float, beta: float, first: float) -> Array:
    """h_t = omega + (alpha + gamma 1[e_{t-1} < 0]) e_{t-1}^2 + beta h_{t-1} with h_1 = `first`; gamma 0 is GARCH."""
    variances = np.empty(residuals.size)
    variances[0] = first
    for t in range(1, residuals.size):
        e = residuals[t - 1]
        slope = alpha + gamma if e < 0.0 else alpha
        variances[t] = omega + slope * e * e + beta * variances[t - 1]
    return variances


@njit(cache=True, error_model="numpy")
def egarch_variances(residuals: Array, omega: float, alpha: float, gamma: float, beta: float, first: float) -> Array:
    """ln h_t = omega + alpha (|z_{t-1}| - sqrt(2/pi)) + gamma z_{t-1} + beta ln h_{t-1} with h_1 = `first`."""
    variances = np.empty(residuals.size)
    log_variance = np.log(first)
    variances[0] = first
    for t in range(1, residuals.size):
        z = residuals[t - 1] / np.sqrt(variances[t - 1])
        log_variance = omega + alpha * (abs(z) - SQRT_2_OVER_PI) + gamma * z + beta * log_variance
        variances[t] = np.exp(log_variance)
    return variances


@njit(cache=True)
def garch_derivatives(
    residuals: Array, d_residuals: Array, variances: Array, alpha: float, gamma: float, beta: float, d_first: Array
) -> Array:
    """Derivatives of `garch_variances` by (mean parameters, omega, alpha, gamma, beta), shape (T, M + 4)."""
    periods, means = d_residuals.shape
    derivatives = np.empty((periods, means + 4))
    derivatives[0] = d_first
    for t in range(1, periods):
        e = residuals[t - 1]
        negative = 1.0 if e < 0.0 else 0.0
        slope = 2.0 * (alpha + gamma * negative) * e
        for m in range(means):
            derivatives[t, m] = slope * d_residuals[t - 1, m] + beta * derivatives[t - 1, m]
        derivatives[t, means] = 1.0 + beta * derivatives[t - 1, means]
        derivatives[t, means + 1] = e * e + beta * derivatives[t - 1, means + 1]
        derivatives[t, means + 2] = e * e * negative + beta * derivatives[t - 1, means + 2]
        derivatives[t, means + 3] = variances[t - 1] + beta * derivatives[t - 1, means + 3]
    return derivatives


@njit(cache=True, error_model="numpy")
def egarch_derivatives(
    residuals: Array, d_residuals: Array, variances: Array, alpha: float, gamma: float, beta: float, d_first: Array
) -> Array:
    """Derivatives of `egarch_variances` by (mean parameters, omega, alpha, gamma, beta), shape (T, M + 4)."""
    periods, means = d_residuals.shape
    derivatives = np.empty((periods, means + 4))
    log_derivative = d_first / variances[0]
    derivatives[0] = d_first
    for t in range(1, periods):
        scale = 1.0 / np.sqrt(variances[t - 1])
        z = residuals[t - 1] * scale
        slope = (alpha if z > 0.0 else -alpha) + gamma
        for p in range(means + 4):
            through_z = -0.5 * z * log_derivative[p]
            if p < means:
                through_z += d_residuals[t - 1, p] * scale
            direct = 0.0
            if p == means:
                direct = 1.0
            elif p == means + 1:
                direct = abs(z) - SQRT_2_OVER_PI
            elif p == means + 2:
                direct = z
            elif p == means + 3:
                direct = np.log(variances[t - 1])
            log_derivative[p] = direct + slope * through_z + beta * log_derivative[p]
            derivatives[t, p] = log_derivative[p] * variances[t]
    return derivatives


@njit(cache=True, fastmath={"contract"})
def gaussian_garch_score(
    residuals: Array,
    d_residuals: Array,
    omega: float,
    alpha: float,
    gamma: float,
    beta: float,
    first: float,
    d_first: Array,
) -> tuple[float, Array]:
    """Gaussian log-likelihood of GARCH or GJR and its gradient, shape (M + 4,), in one pass for the optimiser."""
    periods, means = d_residuals.shape
    slope, gradient = d_first.copy(), np.zeros(means + 4)
    h, total, product = first, 0.0, 1.0
    for t in range(periods):
        e = residuals[t]
        inverse = 1.0 / h
        scaled = e * e * inverse
        total += scaled
        product *= h
        if t % 8 == 7 or t == periods - 1:
            total += np.log(product)
            product = 1.0
        weight = 0.5 * (scaled - 1.0) * inverse
        for p in range(means + 4):
            gradient[p] += weight * slope[p]
        for m in range(means):
            gradient[m] -= e * inverse * d_residuals[t, m]
        news = alpha + gamma if e < 0.0 else alpha
        for m in range(means):
            slope[m] = 2.0 * news * e * d_residuals[t, m] + beta * slope[m]
        slope[means] = 1.0 + beta * slope[means]
        slope[means + 1] = e * e + beta * slope[means + 1]
        slope[means + 2] = (e * e if e < 0.0 else 0.0) + beta * slope[means + 2]
        slope[means + 3] = h + beta * slope[means + 3]
        h = omega + news * e * e + beta * h
    return -0.5 * (periods * np.log(2.0 * np.pi) + total), gradient


@njit(cache=True, fastmath={"contract"})
def gaussian_garch_score_constant_mean(
    residuals: Array, omega: float, alpha: float, gamma: float, beta: float, first: float, d_first: Array
) -> tuple[float, Array]:
    """`gaussian_garch_score` with e_t = r_t - mu: every state is a scalar, which a register holds."""
    by_mu, by_omega, by_alpha, by_gamma, by_beta = d_first[0], d_first[1], d_first[2], d_first[3], d_first[4]
    g_mu, g_omega, g_alpha, g_gamma, g_beta = 0.0, 0.0, 0.0, 0.0, 0.0
    periods = residuals.size
    h, total, product = first, 0.0, 1.0
    for t in range(periods):
        e = residuals[t]
        inverse = 1.0 / h
        square = e * e
        scaled = square * inverse
        total += scaled
        product *= h
        if t % 8 == 7 or t == periods - 1:
            total += np.log(product)
            product = 1.0
        weight = 0.5 * (scaled - 1.0) * inverse
        g_mu += weight * by_mu + e * inverse
        g_omega += weight * by_omega
        g_alpha += weight * by_alpha
        g_gamma += weight * by_gamma
        g_beta += weight * by_beta
        below = 1.0 if e < 0.0 else 0.0
        news = alpha + gamma * below
        by_mu = beta * by_mu - 2.0 * news * e
        by_omega = beta * by_omega + 1.0
        by_alpha = beta * by_alpha + square
        by_gamma = beta * by_gamma + square * below
        by_beta = beta * by_beta + h
        h = beta * h + (omega + news * square)
    gradient = np.array([g_mu, g_omega, g_alpha, g_gamma, g_beta])
    return -0.5 * (periods * np.log(2.0 * np.pi) + total), gradient
