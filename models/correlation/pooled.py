"""The score where correlations are averaged over blocks (DECO, block-DECO) or a regressor moves the intercept (DCCX).

Averaging the correlations over pairs of blocks is averaging R_t over all permutations inside the blocks, so that a
positive definite R_t stays so. One block is DECO; blocks of one series each change nothing.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from models.correlation.recursions import pool_correlations
from models.correlation.types import Array


@njit(cache=True, fastmath={"contract"})
def pooled_pass(
    z: Array,
    x: Array,
    d_x: Array,
    intercept: Array,
    d_intercept: Array,
    first: Array,
    d_first: Array,
    a: float,
    b: float,
    nu: float,
    blocks: Array,
    forcing: Array,
    kappa: float,
    gamma: Array,
    direct: Array,
) -> tuple[Array, Array, Array]:
    """As `kernels.score_pass` date by date, with R_t averaged over `blocks` (labels 0, 1, .., shape (N,)).

    Without asymmetry; `forcing`, shape (T,), moves the off-diagonal intercept by kappa (DCCX).
    """
    periods, size = z.shape
    packed, count = intercept.size, d_intercept.shape[0]
    log_determinants, quadratic_forms = np.empty(periods), np.empty(periods)
    scores = np.zeros((periods, count))
    state, d_state = first.copy(), d_first.copy()
    r, pooled, inverse = np.empty((size, size)), np.empty((size, size)), np.empty((size, size))
    scale, u = np.empty(size), np.empty(size)
    weights = np.empty(packed)
    for t in range(periods):
        for i in range(size):
            scale[i] = 1.0 / np.sqrt(state[i * (i + 1) // 2 + i])
        for i in range(size):
            for j in range(i + 1):
                r[i, j] = state[i * (i + 1) // 2 + j] * scale[i] * scale[j]
                r[j, i] = r[i, j]
        pooled[:] = r
        pool_correlations(pooled, blocks)
        log_determinants[t] = _inverse_of(pooled, inverse)
        form = 0.0
        for i in range(size):
            u[i] = 0.0
            for j in range(size):
                u[i] += inverse[i, j] * z[t, j]
            form += u[i] * z[t, i]
        quadratic_forms[t] = form
        weight = (nu + size) / (nu - 2.0 + form) if nu > 0.0 else 1.0
        for i in range(size):
            for j in range(size):
                inverse[i, j] = -0.5 * (inverse[i, j] - weight * u[i] * u[j])
        pool_correlations(inverse, blocks)
        for i in range(size):
            own = 0.0
            for j in range(size):
                if i != j:
                    own += inverse[i, j] * r[i, j]
            for j in range(i):
                weights[i * (i + 1) // 2 + j] = 2.0 * inverse[i, j] * scale[i] * scale[j]
            weights[i * (i + 1) // 2 + i] = -own * scale[i] * scale[i]
        for p in range(count):
            total = 0.0
            for k in range(packed):
                total += weights[k] * d_state[p, k]
            scores[t, p] = total
        if gamma.shape[0] > 0:
            gamma[t] = weights
            for i in range(size):
                direct[t, i] = z[t, i] - weight * u[i]
        k = 0
        for i in range(size):
            for j in range(i + 1):
                news = x[t, i] * x[t, j]
                for p in range(count):
                    level = d_intercept[p, k] + b * d_state[p, k]
                    if p == 0:
                        level += news
                    elif p == 1:
                        level += state[k]
                    if j < i:
                        level += (-kappa if p < 2 else 1.0 - a - b) * forcing[t]
                    if d_x.shape[1] > 0:
                        level += a * (d_x[p, t, i] * x[t, j] + x[t, i] * d_x[p, t, j])
                    d_state[p, k] = level
                state[k] = intercept[k] + a * news + b * state[k]
                if j < i:
                    state[k] += (1.0 - a - b) * kappa * forcing[t]
                k += 1
    return log_determinants, quadratic_forms, scores


@njit(cache=True)
def pool_states(correlations: Array, blocks: Array) -> None:
    """Average packed correlations over blocks at every date, in place, shape (T, M)."""
    size = blocks.size
    r = np.empty((size, size))
    for t in range(correlations.shape[0]):
        k = 0
        for i in range(size):
            for j in range(i + 1):
                r[i, j] = correlations[t, k]
                r[j, i] = r[i, j]
                k += 1
        pool_correlations(r, blocks)
        k = 0
        for i in range(size):
            for j in range(i + 1):
                correlations[t, k] = r[i, j]
                k += 1


@njit(cache=True, fastmath={"contract"})
def _inverse_of(matrix: Array, inverse: Array) -> float:
    """Inverse by Cholesky; returns the log determinant, NaN where the matrix is not positive definite."""
    size = matrix.shape[0]
    factor = np.zeros((size, size))
    log_determinant = 0.0
    for i in range(size):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= factor[i, k] * factor[j, k]
            if i == j:
                if total <= 0.0:
                    return np.nan
                log_determinant += np.log(total)
                factor[i, i] = np.sqrt(total)
            else:
                factor[i, j] = total / factor[j, j]
    for column in range(size):
        for i in range(column, size):
            total = 1.0 if i == column else 0.0
            for k in range(column, i):
                total -= factor[i, k] * inverse[k, column]
            inverse[i, column] = total / factor[i, i]
        for i in range(column):
            inverse[i, column] = 0.0
        for i in range(size - 1, -1, -1):
            total = inverse[i, column]
            for k in range(i + 1, size):
                total -= factor[k, i] * inverse[k, column]
            inverse[i, column] = total / factor[i, i]
    return log_determinant
