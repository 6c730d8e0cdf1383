"""The cheap parts of the recursions: the diagonal pass of cDCC, the states, and the reverse pass."""

from __future__ import annotations

import numpy as np
from numba import njit

from models.correlation.types import Array


@njit(cache=True, fastmath={"contract"})
def diagonal_pass(z: Array, first: Array, a: float, b: float) -> tuple[Array, Array]:
    """z*_it = z_it sqrt(q_ii,t) of cDCC and its derivatives, with q_{t+1} = (1 - a - b) + q_t (a z_t^2 + b).

    Unit intercept: the diagonal does not depend on the correlations, which is what makes targeting exact (Aielli 2013).

    Parameters
    ----------
    z : array, shape (T, N)
    first : array, shape (3, N)
        q_ii,1 and its derivatives by a and b.

    Returns
    -------
    x : array, shape (T, N)
    d_x : array, shape (2, T, N)
        Derivatives by a and b.
    """
    periods, size = z.shape
    x, d_x = np.empty((periods, size)), np.empty((2, periods, size))
    state = first.copy()
    q, by_a, by_b = state[0], state[1], state[2]
    for t in range(periods):
        for i in range(size):
            root = np.sqrt(q[i])
            half = 0.5 * z[t, i] / root
            x[t, i] = z[t, i] * root
            d_x[0, t, i] = by_a[i] * half
            d_x[1, t, i] = by_b[i] * half
        for i in range(size):
            square = z[t, i] * z[t, i]
            growth = a * square + b
            by_a[i] = -1.0 + q[i] * square + by_a[i] * growth
            by_b[i] = -1.0 + q[i] + by_b[i] * growth
            q[i] = (1.0 - a - b) + q[i] * growth
    return x, d_x


@njit(cache=True, fastmath={"contract"})
def diagonal_path(z: Array, first: Array, a: float, b: float) -> Array:
    """`diagonal_pass` without derivatives; `first` has shape (N,)."""
    periods, size = z.shape
    x = np.empty((periods, size))
    q = first.copy()
    for t in range(periods):
        for i in range(size):
            x[t, i] = z[t, i] * np.sqrt(q[i])
            q[i] = (1.0 - a - b) + q[i] * (a * z[t, i] * z[t, i] + b)
    return x


@njit(cache=True, fastmath={"contract"})
def diagonal_of(x: Array, first: Array, a: float, b: float) -> Array:
    """q_ii,t behind z*, shape (T, N): q_{t+1} = (1 - a - b) + a x_t^2 + b q_t from `first`, shape (N,)."""
    periods, size = x.shape
    diagonal = np.empty((periods, size))
    q = first.copy()
    for t in range(periods):
        for i in range(size):
            diagonal[t, i] = q[i]
            q[i] = (1.0 - a - b) + a * x[t, i] * x[t, i] + b * q[i]
    return diagonal


@njit(cache=True)
def diagonal_margin_pass(z: Array, d_z: Array, diagonal: Array, a: float, b: float) -> Array:
    """Derivatives of z* = z sqrt(q) of one series by its margin parameters, shape (T, P).

    Parameters
    ----------
    z, diagonal : arrays, shape (T,)
    d_z : array, shape (T, P)
    """
    periods, count = d_z.shape
    derivatives, by = np.empty((periods, count)), np.zeros(count)
    for t in range(periods):
        root = np.sqrt(diagonal[t])
        half, growth, push = 0.5 * z[t] / root, a * z[t] * z[t] + b, 2.0 * a * diagonal[t] * z[t]
        for p in range(count):
            derivatives[t, p] = d_z[t, p] * root + by[p] * half
            by[p] = by[p] * growth + push * d_z[t, p]
    return derivatives


@njit(cache=True)
def correlation_slopes(moment: Array, crosses: Array) -> tuple[Array, Array]:
    """Packed correlations of a moment matrix x'x and their derivatives, from those of x.

    Parameters
    ----------
    moment : array, shape (N, N)
    crosses : array, shape (P, N, N)
        (dx/dpsi_p)' x.

    Returns
    -------
    correlations : array, shape (M,)
    derivatives : array, shape (P, M)
    """
    count, size = crosses.shape[0], moment.shape[0]
    correlations = np.empty(size * (size + 1) // 2)
    derivatives = np.empty((count, correlations.size))
    k = 0
    for i in range(size):
        for j in range(i + 1):
            scale = 1.0 / np.sqrt(moment[i, i] * moment[j, j])
            correlations[k] = moment[i, j] * scale
            for p in range(count):
                share = crosses[p, i, i] / moment[i, i] + crosses[p, j, j] / moment[j, j]
                derivatives[p, k] = (crosses[p, i, j] + crosses[p, j, i]) * scale - correlations[k] * share
            k += 1
    return correlations, derivatives


@njit(cache=True, fastmath={"contract"})
def reverse_pass(
    z: Array, x: Array, n: Array, diagonal: Array, gamma: Array, direct: Array, a: float, b: float, g: float
) -> Array:
    """Derivative of the log-likelihood by each standardised residual at fixed targets, shape (T, N).

    Lambda_t = dl_t/dQ_t + b Lambda_{t+1}, plus, where x = z sqrt(q) (cDCC), what q_ii,t does through x_t.

    Parameters
    ----------
    diagonal : array, shape (T, N) or (0, 0)
        q_ii,t where x depends on it (cDCC), else empty.
    gamma, direct : arrays
        As filled by `kernels.score_pass`: (T, M) with off-diagonals doubled, and (T, N).
    """
    periods, size = z.shape
    by_z = np.empty((periods, size))
    future = np.zeros(gamma.shape[1])
    corrected = diagonal.shape[0] > 0
    by_x, by_n = np.empty(size), np.empty(size)
    for t in range(periods - 1, -1, -1):
        by_x[:] = 0.0
        by_n[:] = 0.0
        k = 0
        for i in range(size):
            for j in range(i):
                by_x[i] += a * future[k] * x[t, j]
                by_x[j] += a * future[k] * x[t, i]
                k += 1
            by_x[i] += 2.0 * a * future[k] * x[t, i]
            k += 1
        if n.shape[1] > 0:
            k = 0
            for i in range(size):
                for j in range(i):
                    by_n[i] += g * future[k] * n[t, j]
                    by_n[j] += g * future[k] * n[t, i]
                    k += 1
                by_n[i] += 2.0 * g * future[k] * n[t, i]
                k += 1
        for k in range(future.size):
            future[k] = gamma[t, k] + b * future[k]
        for i in range(size):
            value = direct[t, i]
            if corrected:
                value += by_x[i] * np.sqrt(diagonal[t, i])
                future[i * (i + 1) // 2 + i] += 0.5 * by_x[i] * x[t, i] / diagonal[t, i]
            else:
                value += by_x[i]
            if n.shape[1] > 0 and z[t, i] < 0.0:
                value += by_n[i]
            by_z[t, i] = value
    return by_z


@njit(cache=True, fastmath={"contract"})
def state_pass(x: Array, n: Array, intercept: Array, first: Array, push: Array, a: float, b: float, g: float) -> Array:
    """Q at every date and at T + 1, packed, shape (T + 1, M); `push`, shape (T,), is added off the diagonal."""
    periods, size = x.shape
    states = np.empty((periods + 1, first.size))
    states[0] = first
    for t in range(periods):
        k = 0
        for i in range(size):
            for j in range(i + 1):
                news = a * x[t, i] * x[t, j]
                if n.shape[1] > 0:
                    news += g * n[t, i] * n[t, j]
                if j < i:
                    news += push[t]
                states[t + 1, k] = intercept[k] + news + b * states[t, k]
                k += 1
    return states


@njit(cache=True)
def normalise_states(states: Array) -> Array:
    """Packed correlation matrices from packed Q, shape as given."""
    size = int((np.sqrt(8.0 * states.shape[1] + 1.0) - 1.0) / 2.0 + 0.5)
    correlations = np.empty_like(states)
    scale = np.empty(size)
    for t in range(states.shape[0]):
        k = 0
        for i in range(size):
            scale[i] = 1.0 / np.sqrt(states[t, k + i])
            for j in range(i + 1):
                correlations[t, k + j] = states[t, k + j] * scale[i] * scale[j]
            k += i + 1
    return correlations


@njit(cache=True)
def target_news(x: Array, expected: Array, target: Array, scale: float, rescaled: bool) -> Array:
    """Packed scale (x_i x_j - expected_ij), shape (T, M); see `sandwich.target_influence`.

    Parameters
    ----------
    x : array, shape (T, N)
    expected : array, shape (T, M)
    target : array, shape (M,)
    rescaled : bool
        Whether the target is rescaled to a unit diagonal, which takes s_ij (x_ii - Q_ii + x_jj - Q_jj) / 2 off.
    """
    periods, size = x.shape
    news, own = np.empty(expected.shape), np.empty(size)
    for t in range(periods):
        for i in range(size):
            diagonal = i * (i + 1) // 2 + i
            own[i] = 0.5 * (x[t, i] * x[t, i] - expected[t, diagonal])
        k = 0
        for i in range(size):
            for j in range(i + 1):
                value = x[t, i] * x[t, j] - expected[t, k]
                if rescaled:
                    value -= target[k] * (own[i] + own[j])
                news[t, k] = scale * value
                k += 1
    return news


@njit(cache=True)
def pool_correlations(r: Array, blocks: Array) -> None:
    """Replace each correlation by the mean over its pair of blocks, in place; the diagonal stays one."""
    size = r.shape[0]
    count = blocks.max() + 1
    total, number = np.zeros((count, count)), np.zeros((count, count))
    for i in range(size):
        for j in range(size):
            if i != j:
                total[blocks[i], blocks[j]] += r[i, j]
                number[blocks[i], blocks[j]] += 1.0
    for i in range(size):
        for j in range(size):
            if i != j:
                r[i, j] = total[blocks[i], blocks[j]] / number[blocks[i], blocks[j]]
