"""Parallel GARCH recursions of Haas, Mittnik and Paolella (2004, Journal of Financial Econometrics 2, eq. 2)."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Columns of the coefficient table: omega, alpha, gamma, beta, first variance.
COEFFICIENTS = 5


@njit(cache=True)
def parallel_variances(residuals: Array, coefficients: Array) -> Array:
    """h_kt = omega_k + (alpha_k + gamma_k [e_{t-1} < 0]) e_{t-1}^2 + beta_k h_{k,t-1}, shape (T + 1, K).

    Parameters
    ----------
    residuals : array, shape (T,)
    coefficients : array, shape (K, 5)
        omega, alpha, gamma, beta and h_k1.
    """
    length, regimes = len(residuals), len(coefficients)
    variances = np.empty((length + 1, regimes))
    for k in range(regimes):
        omega, alpha, gamma, beta, first = coefficients[k]
        variances[0, k] = first
        for t in range(length):
            reaction = alpha + gamma if residuals[t] < 0.0 else alpha
            variances[t + 1, k] = omega + reaction * residuals[t] ** 2 + beta * variances[t, k]
    return variances


@njit(cache=True)
def variance_scores(
    residuals: Array, coefficients: Array, variances: Array, by_variance: Array, weights: Array
) -> tuple[Array, Array]:
    """Weighted sums of d log f / d h times d h / d (omega, alpha, gamma, beta, h_1, mu), and of its outer product.

    Parameters
    ----------
    residuals : array, shape (T,)
    coefficients : array, shape (K, 5)
    variances : array, shape (T + 1, K)
    by_variance : array, shape (T, K)
        d log f(y_t | s_t = k) / d h_kt.
    weights : array, shape (T, K)

    Returns
    -------
    gradient : array, shape (K, 6)
    outer : array, shape (K, 6, 6)
    """
    length, regimes = by_variance.shape
    gradient = np.zeros((regimes, 6))
    outer = np.zeros((regimes, 6, 6))
    slope = np.empty(6)
    for k in range(regimes):
        alpha, gamma, beta = coefficients[k, 1], coefficients[k, 2], coefficients[k, 3]
        for i in range(6):
            slope[i] = 0.0
        slope[4] = 1.0
        for t in range(length):
            pull = by_variance[t, k]
            weight = weights[t, k]
            for i in range(6):
                gradient[k, i] += weight * pull * slope[i]
                for j in range(i + 1):
                    outer[k, i, j] += weight * pull * pull * slope[i] * slope[j]
            negative = residuals[t] < 0.0
            square = residuals[t] ** 2
            reaction = alpha + gamma if negative else alpha
            for i in range(6):
                slope[i] *= beta
            slope[0] += 1.0
            slope[1] += square
            if negative:
                slope[2] += square
            slope[3] += variances[t, k]
            slope[5] -= 2.0 * reaction * residuals[t]
        for i in range(6):
            for j in range(i):
                outer[k, j, i] = outer[k, i, j]
    return gradient, outer


@njit(cache=True)
def expected_variances(
    filtered: Array, transition: Array, coefficients: Array, following: Array, horizon: int
) -> Array:
    """E(e_{T+h}^2 | F_T) for h = 1, ..., H, exactly (Haas, Mittnik and Paolella 2004, section 2.3).

    x_jk(h) = E(h_{k,T+h} 1[s_{T+h} = j] | F_T) moves by x_jk(h+1) = sum_i p_ij (omega_k P(s_{T+h} = i)
    + (alpha_k + gamma_k / 2) x_ii(h) + beta_k x_ik(h)); E(e^2) = sum_j x_jj.

    Parameters
    ----------
    filtered : array, shape (K,)
        P(s_T | F_T).
    transition : array, shape (K, K)
    coefficients : array, shape (K, 5)
    following : array, shape (K,)
        h_{k,T+1}.
    """
    regimes = len(filtered)
    expected = np.empty(horizon)
    chance = filtered @ transition
    joint = np.outer(chance, following)
    for step in range(horizon):
        total = 0.0
        for j in range(regimes):
            total += joint[j, j]
        expected[step] = total
        moved = np.zeros((regimes, regimes))
        for i in range(regimes):
            for k in range(regimes):
                omega, alpha, gamma, beta = (
                    coefficients[k, 0],
                    coefficients[k, 1],
                    coefficients[k, 2],
                    coefficients[k, 3],
                )
                part = omega * chance[i] + (alpha + 0.5 * gamma) * joint[i, i] + beta * joint[i, k]
                for j in range(regimes):
                    moved[j, k] += transition[i, j] * part
        joint = moved
        chance = chance @ transition
    return expected
